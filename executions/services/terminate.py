"""Terminate the recovery instances of an ended execution."""

from django.db import IntegrityError, transaction

from drsorch.audit.actor import Actor
from drsorch.audit.facts import facts_of
from drsorch.audit.record import record
from drsorch.errors import Conflict, Invalid
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
