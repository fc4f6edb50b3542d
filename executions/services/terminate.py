"""Terminate the recovery instances of ended executions."""

from collections.abc import Collection, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.facts import facts_of
from drsorch.audit.record import record
from drsorch.config.services import current_settings
from drsorch.errors import Conflict, Invalid, NotFound
from executions.decisions.order import split
from executions.models import Execution, ServerRun, Termination
from executions.services.offers import require
from executions.states import LaunchStatus
from executions.turn import wake


@transaction.atomic
def terminate_instances(*, execution: Execution, actor: Actor, confirm_plan_name: str = "") -> Termination:
    """Ask for the termination of every instance that this execution launched, and of no other. No AWS here.

    Instances of a recovery are somebody's servers: `confirm_plan_name` must name its plan then. With four eyes the
    request is only kept, and the same call by somebody else confirms it. One call per account, Region and at most 100
    instances is planned; the engine makes them and proves the instances gone. Raises Denied (SECOND_PERSON_REQUIRED
    for whoever asked for it), Conflict (not ended, asked already, no instances), Invalid (CONFIRMATION_REQUIRED).
    """
    require(execution, actor, "terminate")
    if not execution.is_drill and confirm_plan_name.strip() != execution.plan_name.strip():
        raise Invalid(
            "Nothing was terminated. These are recovered servers: to confirm, type the name of the plan, "
            f"{execution.plan_name}.",
            code="CONFIRMATION_REQUIRED",
        )
    rows = list(
        ServerRun.objects.filter(wave__execution=execution, launch_status=LaunchStatus.LAUNCHED).with_instance()
    )
    unconfirmed = Termination.objects.filter(execution=execution, needs_confirmation=True, confirmed_at=None)
    waiting = unconfirmed.select_for_update().first()
    if waiting is not None:
        return _confirmed(waiting, execution, rows, actor)
    termination = _asked_again(execution, actor) or _asked(execution, actor)
    if not termination.is_waiting:
        _plan(termination, execution, rows)
    waits = " Somebody else who may terminate has to confirm it." if termination.is_waiting else ""
    sentence = f"{actor.name} asked to terminate {len(rows)} recovery instances.{waits}"
    execution.say(sentence, by=actor.name, what="terminate", tone="warn")
    after = facts_of(termination, ("requested_by", "needs_confirmation"))
    record(actor, "terminate_instances", execution, after=after, instances=_ids(rows))
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


def _confirmed(termination: Termination, execution: Execution, rows: Sequence[ServerRun], actor: Actor) -> Termination:
    """Let a request go on that waited for a second person, who is `actor`."""
    termination.confirmer, termination.confirmed_by, termination.confirmed_at = actor.user, actor.name, timezone.now()
    termination.save(update_fields=["confirmer", "confirmed_by", "confirmed_at"])
    _plan(termination, execution, rows)
    sentence = f"{actor.name} confirmed the termination of {len(rows)} recovery instances"
    execution.say(f"{sentence}, as {termination.requested_by} asked.", by=actor.name, what="terminate", tone="warn")
    after = facts_of(termination, ("requested_by", "confirmed_by"))
    record(actor, "confirm_termination", execution, after=after, instances=_ids(rows))
    return termination


def _plan(termination: Termination, execution: Execution, rows: Sequence[ServerRun]) -> None:
    """Plan the calls, and wake the engine, which makes them."""
    for account_id, region, members in split((row, row.account_id, row.region) for row in rows):
        termination.calls.create(account_id=account_id, region=region).servers.set(members)
    wake([execution.pk])


def _ids(rows: Sequence[ServerRun]) -> list[str]:
    return [row.recovery_instance_id for row in rows]


def _asked(execution: Execution, actor: Actor) -> Termination:
    try:
        with transaction.atomic():
            return Termination.objects.create(
                execution=execution,
                requested_by=actor.name,
                requester=actor.user,
                needs_confirmation=current_settings().four_eyes,
            )
    except IntegrityError as error:
        raise Conflict(
            "The instances of this execution are being terminated already.", code="ALREADY_TERMINATED"
        ) from error


def _asked_again(execution: Execution, actor: Actor) -> Termination | None:
    """Take up a termination that the engine has given up, because instances stayed."""
    termination = Termination.objects.filter(execution=execution).exclude(gave_up_at=None).first()
    if termination is not None:
        termination.requested_by, termination.requester = actor.name, actor.user
        termination.gave_up_at, termination.reason = None, ""
        termination.needs_confirmation = current_settings().four_eyes
        termination.confirmer, termination.confirmed_by, termination.confirmed_at = None, "", None
        termination.save()
    return termination
