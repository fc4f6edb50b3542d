"""Sign-in with a local password: while practising, and while BREAK_GLASS=1."""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from drsorch.access.requests import network_of
from drsorch.audit.actor import Actor
from drsorch.audit.record import record
from drsorch.errors import Invalid, UserError


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


@transaction.atomic
def lift_lockouts(*, actor: Actor, addresses: Iterable[str] = ()) -> list[str]:
    """Forget the wrong passwords of `addresses`, without any those of all; return where they came from.

    The caller is somebody who may run commands on the host, `actor` says who. Of IPv6 the address stands for its /64.
    Where nothing is counted nothing is recorded. Raises Invalid for what is no address.
    """
    rows = AccessAttempt.objects.select_for_update()
    wanted = [_counted_as(address) for address in addresses]
    found = list(rows.filter(ip_address__in=wanted) if wanted else rows)
    if not found:
        return []
    AccessAttempt.objects.filter(pk__in=[row.pk for row in found]).delete()
    lifted = sorted({str(row.ip_address) for row in found})
    failures = sum(row.failures_since_start for row in found)
    record(actor, "lift_lockouts", found[0], before={"addresses": lifted, "failures": failures})
    return lifted


def _counted_as(address: str) -> str:
    try:
        ip_address(address)
    except ValueError as error:
        raise Invalid(f"{address!r} is no address. Write it like 192.0.2.7.") from error
    return network_of(address)
