"""Who asks: a person of the console with their session, or a program."""

from typing import Any

from rest_framework.authentication import SessionAuthentication


class ConsoleSession(SessionAuthentication):
    """The session of the console; everything that changes something needs its CSRF token."""

    def authenticate_header(self, request: Any) -> str:
        """Return what a 401 says: programs use tokens."""
        return "Bearer"
