"""Who asks: a program with a token, or a person of the console with their session."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, SessionAuthentication

from drsorch.access import tokens
from drsorch.access.models import ApiToken
from drsorch.access.oidc.bearer import AccessToken, authenticate_jwt
from drsorch.access.requests import actor_with, actor_with_jwt
from drsorch.api.problems import request_id_of


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer` with a token `drs_…`, or with an access token of the identity provider.

    What is wrong with a token is refused, whatever cookie comes with it.
    """

    def authenticate(self, request: Any) -> tuple[Any, ApiToken | AccessToken] | None:
        """Return the owner and the token, or None without one. Raises Unauthenticated, and ProviderFailed."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        # So that a refusal is neither in evidence nor in a line of the log as one of the person of the cookie.
        request._request.user = request._request._cached_user = AnonymousUser()
        address = request.META.get("REMOTE_ADDR", "")
        known = {"address": address, "request_id": request_id_of(request)}
        text = text.strip()
        token: ApiToken | AccessToken
        if settings.OIDC_ISSUER and not text.startswith(tokens.PREFIX):
            token = authenticate_jwt(text, address=address)
            request._request._actor = actor_with_jwt(token.owner, token.token_id, **known)
        else:
            token = tokens.authenticate(text, address=address)
            request._request._actor = actor_with(token, **known)
        return token.owner, token

    def authenticate_header(self, request: Any) -> str:
        """Return what a 401 says."""
        return "Bearer"


class ConsoleSession(SessionAuthentication):
    """The session of the console; everything that changes something needs its CSRF token."""
