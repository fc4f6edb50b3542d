"""Delete executions that have ended and left nothing behind."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from drsorch.access import policy
from drsorch.audit.actor import Actor
from drsorch.audit.facts import facts_of
from drsorch.audit.record import account_of, at_the_end, record
from drsorch.config.services import current_settings
from drsorch.errors import Conflict, NotFound
from executions.models import Execution, Job, Launch, ServerAttempt, ServerRun
from executions.states import OPEN_CALL, CallStatus, LaunchStatus, Mode
from plans.models import RecoveryPlan

AT_ONCE = 500
TOLD = ("plan_name", "plan_version", "mode", "status", "initiator", "ended_at")
UNPROVEN = OPEN_CALL | {CallStatus.LOST}


def deletable() -> QuerySet[Execution]:
    """Return the executions that may go: ended, their instances proven gone, recoveries kept for the retention."""
    kept_since = current_settings().kept_since("recovery_days")
    return settled().exclude(Q(mode=Mode.RECOVERY, ended_at__gt=kept_since))


def settled() -> QuerySet[Execution]:
    """Return the executions that have ended, and of which AWS is proven to have nothing left.

    What was launched and is not known to be terminated is left, also by a launch that failed, or that was retried;
    and whatever a call with an unknown end may have launched.
    """
    runs = ServerRun.objects.filter(wave__execution=OuterRef("pk")).exclude(launch_status=LaunchStatus.TERMINATED)
    left = runs.filter(Q(launch_status=LaunchStatus.LAUNCHED) | ~Q(recovery_instance_id=""))
    attempts = ServerAttempt.objects.filter(run__wave__execution=OuterRef("pk")).exclude(recovery_instance_id="")
    retried = attempts.exclude(run__launch_status=LaunchStatus.TERMINATED)
    unproven = Launch.objects.filter(wave__execution=OuterRef("pk"), status__in=UNPROVEN)
    ended: QuerySet[Execution] = Execution.objects.ended()
    return ended.exclude(Exists(left)).exclude(Exists(retried)).exclude(Exists(unproven))


@transaction.atomic
@at_the_end()
def delete_executions(*, actor: Actor, ids: Collection[UUID] | None = None) -> int:
    """Delete these executions, all or none; None: the oldest that may go, at most 500. Return how many. No AWS.

    Who deletes history needs every permission. The audit trail keeps what was deleted. Raises Denied, NotFound,
    Conflict (INVALID_STATE, naming those that may not go).
    """
    policy.require_administrator(actor, "Deleting executions")
    free = policy.scope(actor, deletable(), policy.Level.MANAGE)
    wanted = free if ids is None else free.filter(pk__in=ids)
    rows = list(wanted.order_by("created_at").select_for_update()[: AT_ONCE if ids is None else None])
    if ids is not None:
        _refuse_others(actor, set(ids) - {row.pk for row in rows})
    for row in rows:
        delete_execution(row, actor)
    return len(rows)


def delete_execution(execution: Execution, actor: Actor) -> None:
    """Delete one that may go, with its DRS jobs and their logs. Call inside a transaction, with the row locked."""
    jobs = list(Job.objects.of(execution).exclude(ended_at=None).values_list("pk", flat=True))
    before, account = facts_of(execution, TOLD), account_of(execution)
    RecoveryPlan.objects.filter(last_execution=execution.pk).update(last_execution=None)
    Execution.objects.filter(pk=execution.pk).delete()  # the row at hand keeps its key for the evidence
    Job.objects.filter(pk__in=jobs).delete()
    record(actor, "delete_execution", execution, before=before, account=account)


def _refuse_others(actor: Actor, ids: set[UUID]) -> None:
    if not ids:
        return
    rows = list(policy.scope(actor, Execution.objects.filter(pk__in=ids)))
    if len(rows) < len(ids):
        raise NotFound("One of these executions does not exist, or you may not see it. Nothing was deleted.")
    named = ", ".join(f"{row} ({row.short_id})" for row in rows)
    raise Conflict(
        f"Nothing was deleted: {named} has not ended, has instances that are not proven gone, or is a recovery of the "
        f"last {current_settings().recovery_days} days.",
        details={"execution_ids": [str(row.pk) for row in rows]},
    )
