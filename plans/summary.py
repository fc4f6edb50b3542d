"""The last execution of a plan, as far as one may see it: it may have run where the plan does not act any more."""

from collections.abc import Iterable

from drsorch.access import policy
from drsorch.audit.actor import Actor
from plans.models import RecoveryPlan
from protection.holds import holders_in_sight


def veil_last(plans: Iterable[RecoveryPlan], actor: Actor) -> None:
    """Take the ids of last executions out of sight from plans that are to be shown. Never save them after it.

    How it ended, and when, is the plan's own summary and stays. One query for all of them; none where everything is in
    sight.
    """
    ran = [plan for plan in plans if plan.last_execution]
    if not ran or policy.is_everywhere(actor, policy.Level.VIEW):
        return
    wanted = holders_in_sight(actor).filter(pk__in={plan.last_execution for plan in ran})
    seen = set(wanted.values_list("pk", flat=True))
    for plan in ran:
        if plan.last_execution not in seen:
            plan.last_execution = None
