"""A recovery takes the servers of a drill: the drill is cancelled, and makes way."""

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from drsorch.access import policy
from drsorch.access.roles import OVERRIDING
from drsorch.audit.actor import Actor
from drsorch.errors import Conflict
from executions.models import Execution
from executions.services.offers import is_initiator
from executions.turn import wake
from plans.models import RecoveryPlan


def make_way(drills: Iterable[UUID], recovery_id: UUID, plan: RecoveryPlan, actor: Actor) -> list[Execution]:
    """Cancel these drills for the recovery `recovery_id` and return those that have not ended. No AWS.

    Call inside the transaction that creates the recovery, before its row is written: a drill of the same plan would
    stand in its way. The engine starts nothing more of a drill; its jobs in DRS run out, and the recovery waits for
    them server by server. Raises Denied, Conflict (never for a recovery).
    """
    rows = Execution.objects.select_for_update().filter(pk__in=list(drills)).order_by("pk")
    active = [drill for drill in rows if drill.is_active]
    for drill in active:
        if not drill.is_drill:
            raise Conflict(f"{drill} is a recovery: it makes way for nothing. Wait until it has ended, or cancel it.")
        if not is_initiator(drill, actor):  # whoever started it may always stop it
            policy.require(actor, OVERRIDING, drill)
        if drill.cancel_requested_at is None:
            drill.cancel_requested_at, drill.cancelled_by = timezone.now(), actor.name
        if drill.preempted_by_id is None:  # another recovery may have taken other servers of it before
            drill.preempted_by_id = recovery_id
        drill.save(update_fields=["cancel_requested_at", "cancelled_by", "preempted_by"])
        # Whoever reads this timeline may not see other plans; the page names the recovery to whoever does.
        is_own = drill.plan_id == plan.pk
        named = f"the recovery of {plan} ({str(recovery_id)[:8]})" if is_own else "a recovery of another plan"
        drill.say(
            f"{actor.name} started {named}, which takes over its servers: this drill is cancelled. Jobs that run in "
            "DRS run out.",
            by=actor.name,
            what="preempted",
            tone="warn",
        )
    wake(drill.pk for drill in active)
    return active
