"""Terminate the recovery instances of ended executions."""

from collections.abc import Collection

from django.db import IntegrityError, transaction

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.facts import facts_of
from drsorch.audit.record import record
from drsorch.errors import Conflict, Invalid, NotFound
from executions.decisions.order import split
from executions.models import Execution, ServerRun, Termination
from executions.services.offers import require
from executions.states import LaunchStatus
from executions.turn import wake


@transaction.atomic
def terminate_instances(*, execution: Execution, actor: Actor, confirm_plan_name: str = "") -> Termination:
    """Ask for the termination of every instance that this execution launched, and of no other. No AWS here.

    Instances of a recovery are somebody's servers: `confirm_plan_name` must name its plan then. One call per account,
    Region and at most 100 instances is planned; the engine makes them and proves the instances gone. Raises Denied,
    Conflict (not ended, asked already, no instances), Invalid (CONFIRMATION_REQUIRED).
    """
    require(execution, actor, "terminate")
    if not execution.is_drill and confirm_plan_name.strip() != execution.plan_name.strip():
        raise Invalid(
            "Nothing was terminated. These are recovered servers: to confirm, type the name of the plan, "
            f"{execution.plan_name}.",
            code="CONFIRMATION_REQUIRED",
        )
    rows = ServerRun.objects.filter(wave__execution=execution, launch_status=LaunchStatus.LAUNCHED).with_instance()
    termination = _asked_again(execution, actor) or _asked(execution, actor)
    calls = split((row, row.account_id, row.region) for row in rows)
    for account_id, region, members in calls:
        termination.calls.create(account_id=account_id, region=region).servers.set(members)
    execution.say(
        f"{actor.name} asked to terminate {sum(len(members) for _, _, members in calls)} recovery instances.",
        by=actor.name,
        what="terminate",
        tone="warn",
    )
    wake([execution.pk])
    ids = [row.recovery_instance_id for row in rows]
    record(actor, "terminate_instances", execution, after=facts_of(termination, ("requested_by",)), instances=ids)
    return termination


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


def _asked(execution: Execution, actor: Actor) -> Termination:
    try:
        with transaction.atomic():
            return Termination.objects.create(execution=execution, requested_by=actor.name)
    except IntegrityError as error:
        raise Conflict(
            "The instances of this execution are being terminated already.", code="ALREADY_TERMINATED"
        ) from error


def _asked_again(execution: Execution, actor: Actor) -> Termination | None:
    """Take up a termination that the engine has given up, because instances stayed."""
    termination = Termination.objects.filter(execution=execution).exclude(gave_up_at=None).first()
    if termination is not None:
        termination.requested_by, termination.gave_up_at, termination.reason = actor.name, None, ""
        termination.save(update_fields=["requested_by", "gave_up_at", "reason"])
    return termination
