"""Who asks: a program with a token, or a person of the console with their session."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, SessionAuthentication

from drsorch.access import tokens
from drsorch.access.models import ApiToken
from drsorch.access.requests import actor_with
from drsorch.api.problems import request_id_of


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer drs_…`. What is wrong with a token is refused, whatever cookie comes with it."""

    def authenticate(self, request: Any) -> tuple[Any, ApiToken] | None:
        """Return the owner and the token, or None without one. Raises Unauthenticated."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        request._request.user = AnonymousUser()  # so that a refusal is not in evidence as of the person of the cookie
        address = request.META.get("REMOTE_ADDR", "")
        token = tokens.authenticate(text.strip(), address=address)
        request._request._actor = actor_with(token, address=address, request_id=request_id_of(request))
        return token.owner, token

    def authenticate_header(self, request: Any) -> str:
        """Return what a 401 says."""
        return "Bearer"


class ConsoleSession(SessionAuthentication):
    """The session of the console; everything that changes something needs its CSRF token."""
