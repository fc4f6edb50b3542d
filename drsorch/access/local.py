"""Sign-in with a local password: while practising, and while BREAK_GLASS=1."""

from typing import Any

from axes.backends import AxesStandaloneBackend
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from drsorch.errors import UserError


class Lockout(AxesStandaloneBackend):
    """Refuses whoever tried too many passwords. Asked only with a name and a password."""

    def authenticate(self, request: HttpRequest | None, username: str | None, password: str | None) -> None:
        """Let the next back end look, or raise PermissionDenied."""
        super().authenticate(request, username=username, password=password)


class LocalBackend(ModelBackend):
    """Checks passwords while that is allowed; when it is no longer, its sessions end with the next request."""

    def authenticate(  # type: ignore[override] # takes no other credentials
        self, request: HttpRequest | None, username: str | None, password: str | None
    ) -> Any:
        """Return the person whose name and password these are, or None."""
        return super().authenticate(request, username=username, password=password) if settings.LOCAL_SIGN_IN else None

    def get_user(self, user_id: Any) -> Any:
        """Return whose session it is, or None."""
        return super().get_user(user_id) if settings.LOCAL_SIGN_IN else None


class LockedOut(UserError):
    """Too many wrong passwords came from one address."""

    status = 429
    code = "LOCKED_OUT"


def no_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Return what django-axes keeps of the name that was typed: nothing."""
    return ""


def locked_out(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Answer whoever is locked out."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    error = LockedOut(
        f"{settings.AXES_FAILURE_LIMIT} wrong passwords came from your address. Wait {minutes} minutes. Somebody on "
        "the host can end the wait with manage.py axes_reset."
    )
    return render(request, "access/refused.html", {"error": error}, status=error.status)
