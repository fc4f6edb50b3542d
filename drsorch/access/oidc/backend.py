"""Signs in whoever the provider vouches for: mozilla-django-oidc's code flow, with checks of our own."""

from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from drsorch.access.models import User
from drsorch.access.oidc.asking import ProviderFailed, ProviderRefused, ask
from drsorch.access.oidc.claims import BadToken, id_token_claims
from drsorch.access.oidc.people import SignInRefused, admit, identity_of
from drsorch.access.oidc.provider import provider
from drsorch.access.requests import actor_of


class ProviderBackend(OIDCAuthenticationBackend):
    """Exchanges the code and admits the person. Nothing of the provider's tokens is kept."""

    def __init__(self) -> None:
        """Read only what needs no network: the endpoints are discovered when somebody signs in."""
        self.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_ID
        self.OIDC_RP_CLIENT_SECRET = settings.OIDC_RP_CLIENT_SECRET

    def authenticate(self, request: HttpRequest, nonce: str | None, code_verifier: str | None) -> User | None:
        """Return the person whose code the address of `request` has. Raises SignInRefused, ProviderFailed."""
        found: User | None = super().authenticate(request, nonce=nonce, code_verifier=code_verifier)
        return found

    def get_token(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Exchange the code. The client shows itself as the provider wants it; a public one has its verifier only."""
        asked = provider()
        secret = payload.pop("client_secret")
        more: dict[str, Any] = {}
        if secret and asked.accepts_secret_in_form:
            payload["client_secret"] = secret
        elif secret:
            more["auth"] = (payload["client_id"], secret)
        try:
            return ask("POST", asked.token_endpoint, data=payload, **more)
        except ProviderRefused as error:
            _refuse_code(error)

    def verify_token(self, token: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the claims of the ID token. Raises SignInRefused."""
        try:
            return id_token_claims(token, provider(), nonce=kwargs.get("nonce"))
        except BadToken as error:
            raise SignInRefused(
                f"ID token: {error.reason}",
                f"The identity provider's answer was not accepted ({error.reason}). Sign in again. If it stays like "
                "this, tell an administrator.",
            ) from error

    def get_or_create_user(self, access_token: Any, id_token: Any, payload: dict[str, Any]) -> User:
        """Return the person, with the roles that the provider gives them now. Raises SignInRefused."""
        claims = {**self.get_userinfo(access_token, id_token, payload), **payload}
        return admit(identity_of(claims), actor_of(self.request))

    def get_userinfo(self, access_token: Any, id_token: Any, payload: dict[str, Any]) -> dict[str, Any]:
        """Return what the provider adds about the same subject, where it has such an endpoint."""
        address = provider().userinfo_endpoint
        if not address:
            return {}
        try:
            found = ask("GET", address, headers={"Authorization": f"Bearer {access_token}"})
        except ProviderRefused as error:
            raise ProviderFailed("does not tell about the person", address) from error
        if found.get("sub") != payload["sub"]:  # OpenID Connect Core 1.0, section 5.3.2
            raise SignInRefused(
                "userinfo: subject", "The identity provider spoke of two people. Tell an administrator."
            )
        return found

    def get_user(self, user_id: Any) -> User | None:
        """Return whose session it is: nobody's when they are not active, or of another provider than today's."""
        person = ModelBackend.get_user(self, user_id)
        return person if isinstance(person, User) and person.issuer == (settings.OIDC_ISSUER or None) else None


def _refuse_code(error: ProviderRefused) -> NoReturn:
    if error.error in ("invalid_client", "unauthorized_client"):
        address = provider().token_endpoint
        raise ProviderFailed(f"does not know this client ({error.error}); see OIDC_RP_CLIENT_ID", address) from error
    raise SignInRefused(
        "code", "The identity provider does not accept this sign-in any more. Sign in again."
    ) from error
