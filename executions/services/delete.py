"""Delete executions that have ended and left nothing behind."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.record import record
from drsorch.errors import Conflict, Denied, NotFound
from executions.models import Execution, Launch, ServerRun
from executions.states import OPEN_CALL, CallStatus, LaunchStatus, Mode
from plans.models import RecoveryPlan

AT_ONCE = 500
UNPROVEN = OPEN_CALL | {CallStatus.LOST}


def deletable() -> QuerySet[Execution]:
    """Return the executions that may go: ended, their instances proven gone, recoveries kept for the retention."""
    left = ServerRun.objects.filter(wave__execution=OuterRef("pk"), launch_status=LaunchStatus.LAUNCHED)
    unproven = Launch.objects.filter(wave__execution=OuterRef("pk"), status__in=UNPROVEN)
    kept_since = timezone.now() - timedelta(days=settings.RECOVERY_RETENTION_DAYS)
    ended: QuerySet[Execution] = Execution.objects.ended()
    return ended.exclude(Q(mode=Mode.RECOVERY, ended_at__gt=kept_since)).exclude(Exists(left)).exclude(Exists(unproven))


@transaction.atomic
def delete_executions(*, actor: Actor, ids: Collection[UUID] | None = None) -> int:
    """Delete these executions, all or none; None: the oldest that may go, at most 500. Return how many. No AWS.

    Who deletes history needs every permission. The audit trail keeps what was deleted. Raises Denied, NotFound,
    Conflict (INVALID_STATE, naming those that may not go).
    """
    if not policy.is_administrator(actor):
        missing = next((each for each in Permission if not policy.has(actor, each)), Permission.MANAGE_ACCOUNTS)
        raise Denied(
            f"Deleting executions needs every permission there is, {missing} too. Ask an administrator.",
            details={"permission": str(missing)},
        )
    free = policy.scope(actor, deletable(), policy.Level.MANAGE)
    wanted = free if ids is None else free.filter(pk__in=ids)
    rows = list(wanted.order_by("created_at").select_for_update()[: AT_ONCE if ids is None else None])
    if ids is not None:
        _refuse_others(actor, set(ids) - {row.pk for row in rows})
    RecoveryPlan.objects.filter(last_execution__in=[row.pk for row in rows]).update(last_execution=None)
    for row in rows:
        record(actor, "delete_execution", row, status=row.status, mode=row.mode, ended_at=str(row.ended_at))
        row.delete()
    return len(rows)


def _refuse_others(actor: Actor, ids: set[UUID]) -> None:
    if not ids:
        return
    rows = list(policy.scope(actor, Execution.objects.filter(pk__in=ids)))
    if len(rows) < len(ids):
        raise NotFound("One of these executions does not exist, or you may not see it. Nothing was deleted.")
    named = ", ".join(f"{row} ({row.short_id})" for row in rows)
    raise Conflict(
        f"Nothing was deleted: {named} has not ended, has instances that are not proven gone, or is a recovery of the "
        f"last {settings.RECOVERY_RETENTION_DAYS} days.",
        details={"execution_ids": [str(row.pk) for row in rows]},
    )
