"""The sign-in page, the local sign-in on it, the session's own addresses, and signing out."""

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.views.decorators.http import require_safe

from drsorch.access import evidence
from drsorch.access.declared import PUBLIC, SIGNED_IN, needs
from drsorch.access.demo import DEMO_USERS
from drsorch.access.forms import SignInForm
from drsorch.access.models import User
from drsorch.access.oidc.asking import ProviderFailed
from drsorch.access.oidc.provider import provider
from drsorch.access.oidc.views import BACKEND as PROVIDER_BACKEND
from drsorch.access.sessions import polled
from drsorch.errors import Denied

HOW = "password"


class SignIn(LoginView):
    """The sign-in page: through the identity provider, with a password where that is allowed, or both.

    In a demo it names the demo users, who exist nowhere else.
    """

    needs = PUBLIC
    template_name = "access/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check name and password. Raises Denied where passwords are not allowed."""
        if not settings.LOCAL_SIGN_IN:
            evidence.refused(request, how=HOW, reason="passwords are off")
            raise Denied("Passwords are not accepted here. Sign in through the identity provider.")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Begin a session under a new key, in one transaction with the evidence."""
        with transaction.atomic():
            response = super().form_valid(form)
            evidence.signed_in(self.request, form.get_user(), how=HOW)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """Record the attempt, under the person whose name it is."""
        typed = form.data.get("username", "")[:150]
        person = User.objects.filter(username=typed).first() if typed else None
        is_locked = getattr(self.request, "axes_locked_out", False)
        evidence.refused(self.request, how=HOW, reason="locked out" if is_locked else "wrong", person=person)
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add which ways in there are."""
        ways = {
            "provider_name": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
            "has_passwords": settings.LOCAL_SIGN_IN,
            "is_break_glass": settings.BREAK_GLASS,
            "demo_users": DEMO_USERS if settings.ENVIRONMENT == "demo" else (),
        }
        return super().get_context_data(**ways, **kwargs)


class SignOut(LogoutView):
    """Ends the session here, and then the one at the provider."""

    needs = SIGNED_IN

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Record who leaves, sign out, and lead on to the provider when they came from there.

        By a page that leads on: the content policy lets no form's answer redirect to another site.
        """
        is_providers = request.session.get(BACKEND_SESSION_KEY) == PROVIDER_BACKEND
        if request.user.is_authenticated:
            evidence.signed_out(request, why="asked")
        response = super().post(request, *args, **kwargs)
        onward = _providers_sign_out(request) if is_providers else ""
        return render(request, "access/signed_out.html", {"onward": onward}) if onward else response


def _providers_sign_out(request: HttpRequest) -> str:
    try:
        return provider().sign_out_address(request.build_absolute_uri(resolve_url(settings.LOGOUT_REDIRECT_URL)))
    except ProviderFailed:
        return ""  # the session here is over all the same


@needs(SIGNED_IN)
@polled
@require_safe
def session(request: HttpRequest) -> HttpResponse:
    """Say, in the header that every answer has, how long the session lasts: other tabs may have been used."""
    return HttpResponse(status=204)


@needs(SIGNED_IN)
@require_safe
def stay(request: HttpRequest) -> HttpResponse:
    """Stay signed in: being asked for is the activity."""
    return HttpResponse(status=204)
