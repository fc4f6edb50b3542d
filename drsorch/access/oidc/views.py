"""The two addresses of the code flow: where a sign-in begins, and where the provider sends the browser back to."""

import logging
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from drsorch.access import evidence
from drsorch.access.declared import PUBLIC
from drsorch.access.oidc.asking import ProviderFailed
from drsorch.access.oidc.people import SignInRefused
from drsorch.access.oidc.provider import provider
from drsorch.api.throttles import refuse_strangers
from drsorch.errors import UserError

log = logging.getLogger(__name__)
BACKEND = "drsorch.access.oidc.backend.ProviderBackend"
HOW = "provider"
LONGEST_SIGN_IN_SECONDS = 15 * 60
# The codes that a provider may answer (RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6). Others are not repeated.
ERRORS = frozenset(
    {
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_request",
        "invalid_scope",
        "login_required",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    }
)


@method_decorator(login_not_required, name="dispatch")
class Begin(OIDCAuthenticationRequestView):
    """Sends the browser to the provider, with a state, a nonce and a challenge that are kept in the session."""

    needs = PUBLIC

    def __init__(self, **kwargs: Any) -> None:
        """Read only what needs no network."""
        View.__init__(self, **kwargs)
        self.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_ID

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the provider's sign-in page, or show why that is not possible. Raises Throttled."""
        if not request.session.keys():
            refuse_strangers(request.META["REMOTE_ADDR"])  # whom nobody knows fills the sessions only so fast
        try:
            self.OIDC_OP_AUTH_ENDPOINT = provider().authorization_endpoint
        except UserError as error:
            return refused(request, error)
        response: HttpResponse = super().get(request)
        if not request.user.is_authenticated:
            request.session.set_expiry(LONGEST_SIGN_IN_SECONDS)
        return response


@method_decorator(login_not_required, name="dispatch")
class Callback(OIDCAuthenticationCallbackView):
    """Takes the browser back from the provider, and signs the person in or says why not."""

    needs = PUBLIC

    def get(self, request: HttpRequest) -> HttpResponse:
        """Sign in whose code it is. Each state is good for one answer, also for one that is refused."""
        try:
            _check_answer(request)
            response: HttpResponse = super().get(request)
        except UserError as error:
            return refused(request, error)
        return response

    def login_success(self) -> HttpResponse:
        """Begin a session under a new key, in one transaction with the evidence."""
        wanted = self.success_url
        with transaction.atomic():
            login(self.request, self.user, backend=BACKEND)
            for name in ("oidc_states", "oidc_login_next"):
                self.request.session.pop(name, None)
            evidence.signed_in(self.request, self.user, how=HOW, subject=self.user.subject)
        return redirect(wanted)

    def login_failure(self) -> HttpResponse:
        """Refuse: there is nobody to sign in."""
        raise SignInRefused("nobody", "The identity provider named nobody. Sign in again.")


def _check_answer(request: HttpRequest) -> None:
    """Refuse an answer that nobody here asked for, that comes too late, or that is no code. Raises SignInRefused."""
    begun = request.session.get("oidc_states", {})
    state = request.GET.get("state", "")
    if state not in begun:
        raise SignInRefused(
            "state", "This sign-in was not begun in this browser, or it is over already. Sign in again."
        )
    refusal = _refusal(request, begun[state])
    if refusal is not None:
        del begun[state]
        request.session.modified = True
        raise refusal


def _refusal(request: HttpRequest, begun: dict[str, Any]) -> SignInRefused | None:
    """Return why an answer to a sign-in that was begun here is none. Who names themselves in it (RFC 9207) is asked."""
    error = request.GET.get("error")
    if request.GET.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:
        return SignInRefused("issuer of the answer", "Another identity provider has answered. Sign in again.")
    if error:
        known = error if error in ERRORS else "an error"
        return SignInRefused(f"provider: {known}", f"The identity provider did not sign you in ({known}).")
    if time.time() - begun["added_on"] > LONGEST_SIGN_IN_SECONDS:
        return SignInRefused("late", "This sign-in took too long. Sign in again.")
    if not request.GET.get("code"):
        return SignInRefused("no code", "The identity provider's answer is incomplete. Sign in again.")
    return None


def refused(request: HttpRequest, error: UserError) -> HttpResponse:
    """Record that somebody was not signed in, and show why."""
    if isinstance(error, SignInRefused):
        log.warning("A sign-in was refused: %s", error.reason)
        evidence.refused(request, how=HOW, reason=error.reason, person=error.person)
    elif isinstance(error, ProviderFailed):
        log.warning("Nobody can sign in: %s %s", error.address, error.what)
        evidence.failed(request, how=HOW, reason=error.what, address=error.address)
    response = render(request, "access/refused.html", {"error": error}, status=error.status)
    response._has_been_logged = True  # type: ignore[attr-defined] # Django's line would have the code from the address
    return response
