"""Evidence of who came, who was not let in, and who left."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from drsorch.access.denials import leave_unnoted
from drsorch.access.models import User
from drsorch.access.requests import actor_of
from drsorch.api.throttles import refuse_strangers
from drsorch.audit.models import Outcome
from drsorch.audit.record import record, record_refusal


def signed_in(request: HttpRequest, person: User, *, how: str, **detail: Any) -> None:
    """Record a sign-in, in the transaction that begins the session."""
    actor_is_known_anew(request)
    record(actor_of(request), "sign_in", person, how=how, **_circumstances(), **detail)


def refused(request: HttpRequest, *, how: str, reason: str, person: User | None = None, **detail: Any) -> None:
    """Record that somebody was not let in, and why. Call it outside transactions.

    Without a `person` nobody is known by what was said. What was typed as a name is not kept: it may be a password,
    typed into the wrong field. Raises Throttled when too many were refused at the address.
    """
    _record_alone(request, Outcome.DENIED, person, how=how, reason=reason, **_circumstances(), **detail)


def failed(request: HttpRequest, *, how: str, reason: str, **detail: Any) -> None:
    """Record that nobody could be let in, and why. Call it outside transactions. Raises Throttled like `refused`."""
    _record_alone(request, Outcome.FAILED, None, how=how, reason=reason, **detail)


def signed_out(request: HttpRequest, *, why: str) -> None:
    """Record that somebody leaves, while the session is still theirs."""
    with transaction.atomic():
        record(actor_of(request), "sign_out", request.user, why=why)  # type: ignore[arg-type] # they are signed in


def actor_is_known_anew(request: HttpRequest) -> None:
    """Forget who was known to send the request: from here on it is somebody else."""
    if hasattr(request, "_actor"):
        del request._actor


def _record_alone(request: HttpRequest, outcome: str, person: User | None, **detail: Any) -> None:
    leave_unnoted(request)
    actor = actor_of(request)
    refuse_strangers(actor.address)  # whom nobody knows fills the evidence only so fast
    record_refusal(actor, "sign_in", outcome=outcome, obj=person, object_kind="user", **detail)


def _circumstances() -> dict[str, Any]:
    return {"break_glass": True} if settings.BREAK_GLASS else {}
