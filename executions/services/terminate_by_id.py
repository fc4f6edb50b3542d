"""Terminate recovery instances that are named, of whichever executions."""

from collections.abc import Collection

from django.db import transaction

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.errors import Conflict, NotFound
from executions.models import Execution, ServerRun
from executions.services.terminate import terminate_instances
from executions.states import LaunchStatus


@transaction.atomic
def terminate_named(*, instances: Collection[str], actor: Actor, confirm_plan_name: str = "") -> list[Execution]:
    """Ask for the termination of these recovery instances, all or none, and return their executions. No AWS here.

    They must be all that their executions have left: what an execution launched is terminated together, as
    `terminate_instances` does. An id that no execution launched is unknown here, whatever AWS knows. Raises Denied,
    NotFound, Conflict (not ended, asked already, more instances than named), Invalid (CONFIRMATION_REQUIRED).
    """
    policy.require(actor, Permission.TERMINATE_INSTANCES)
    wanted = set(instances)
    launched = policy.scope(actor, ServerRun.objects.filter(recovery_instance_id__in=wanted))
    runs = dict(launched.values_list("recovery_instance_id", "wave__execution"))
    if missing := sorted(wanted - runs.keys()):
        raise NotFound(f"There is no recovery instance {', '.join(missing)}, or you may not see it.")
    found = list(Execution.objects.select_for_update().filter(pk__in=set(runs.values())).order_by("pk"))
    there = ServerRun.objects.filter(wave__execution__in=found, launch_status=LaunchStatus.LAUNCHED).with_instance()
    left = set(there.values_list("recovery_instance_id", flat=True))
    if gone := sorted(wanted - left):
        raise Conflict(f"{', '.join(gone)} is terminated already. Leave it out.", code="ALREADY_TERMINATED")
    if others := sorted(left - wanted):
        raise Conflict(
            "What an execution launched is terminated together, and nothing was terminated. Name these instances as "
            f"well: {', '.join(others)}.",
            details={"instance_ids": others},
        )
    for execution in found:
        terminate_instances(execution=execution, actor=actor, confirm_plan_name=confirm_plan_name)
    return found
