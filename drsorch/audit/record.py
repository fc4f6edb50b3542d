"""Write evidence: the last statement of the transaction that changes something."""

from typing import Any

from django.db import models, transaction

from drsorch.audit.actor import Actor
from drsorch.audit.models import AuditEvent, Outcome


def record(
    actor: Actor, action: str, obj: models.Model, *, outcome: str = Outcome.ALLOWED, **detail: Any
) -> AuditEvent:
    """Write that `actor` did `action` to `obj`. `detail` is JSON without secrets.

    Must be called inside the transaction of the change, as its last statement: no audit, no change.
    Raises TransactionManagementError when there is none.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{action} must be recorded in the transaction of its change.")
    return AuditEvent.objects.create(
        actor=actor.name,
        user_id=actor.user.pk if actor.user is not None else None,  # nobody is signed in: no row
        source=actor.source,
        address=actor.address,
        request_id=actor.request_id,
        action=action,
        object_kind=obj._meta.model_name or "",
        object_id=str(obj.pk),
        object_name=str(obj)[:255],
        outcome=outcome,
        detail=detail,
    )
