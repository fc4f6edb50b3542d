"""Evidence of refusals: one event for each call that would have changed something, and was denied or failed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest

from drsorch.access.requests import actor_of
from drsorch.audit.actor import Actor, Source
from drsorch.audit.models import Outcome
from drsorch.audit.record import record_refusal
from drsorch.errors import Denied, Invalid, NotFound, Unauthenticated, UserError
from drsorch.logs import without_secrets

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# What the address names a row by.
KEYS = ("pk", "object_id", "plan_pk", "id", "account_id")
API = "/api/"
# A crowd is told to wait, and a change without the version it is based on to name one: neither was tried.
UNTRIED = frozenset({428, 429})


def note_refusal(request: HttpRequest, error: Exception, *, action: str = "", obj: Model | None = None) -> None:
    """Record that `request` was refused with `error`, when it would have changed or exported something; once only.

    Call it at a door, outside every transaction, wherever an error of a service is turned into an answer.
    """
    outcome = _outcome(error)
    is_read = request.method in SAFE and not getattr(request, "_is_export", False)
    if is_read or outcome is None:
        return
    if getattr(request, "_is_refusal_noted", False):
        return
    leave_unnoted(request)
    match = request.resolver_match
    named: dict[str, Any] = match.kwargs if match else {}
    record_refusal(
        actor_of(request, _source(request)),
        action or (match.view_name if match else ""),
        outcome=outcome,
        obj=obj,
        object_id=next((str(named[key]) for key in KEYS if key in named), ""),
        method=request.method,
        path=request.path,
        **said(error),
    )


def exporting(request: HttpRequest) -> None:
    """Say that `request` asks for an export: that is evidence, and so is its refusal, though it is only a GET."""
    request._is_export = True  # type: ignore[attr-defined]


def leave_unnoted(request: HttpRequest) -> None:
    """Let no refusal of `request` be recorded here: whoever calls this has recorded it, or will, with more to say."""
    request._is_refusal_noted = True  # type: ignore[attr-defined]


def note_refused_command(actor: Actor, action: str, error: UserError, **asked: Any) -> None:
    """Record that a command was refused with `error`. Call it outside transactions.

    `asked` says what the command was to do; JSON without secrets.
    """
    outcome = _outcome(error)
    if outcome is not None:
        record_refusal(actor, action, outcome=outcome, **asked, **said(error))


def said(error: Exception) -> dict[str, Any]:
    """Return what the answer said: the code, the sentence and, where it named one, the permission."""
    if not isinstance(error, UserError):
        return {"code": Denied.code, "sentence": str(error) or "The administration does not permit this."}
    answer = {"code": error.code, "sentence": without_secrets(error.message)}
    permission = error.details.get("permission")
    return answer | {"permission": permission} if permission else answer


def _outcome(error: Exception) -> Outcome | None:
    """Return how a call ended that raised `error`; None when it is no evidence.

    Something out of sight counts as denied: who asks cannot tell it from something missing, and neither do we. Input
    that breaks a rule was never tried.
    """
    if isinstance(error, Denied | NotFound | Unauthenticated | PermissionDenied):
        return Outcome.DENIED
    if not isinstance(error, UserError) or isinstance(error, Invalid) or error.status in UNTRIED:
        return None
    return Outcome.FAILED


def _source(request: HttpRequest) -> str:
    if request.path.startswith(API):
        return Source.API
    match = request.resolver_match
    return Source.ADMIN if match and "admin" in match.namespaces else Source.UI
