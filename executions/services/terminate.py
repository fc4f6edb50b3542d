"""Terminate the recovery instances of an ended execution."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from drsorch.audit.actor import Actor
from drsorch.audit.facts import facts_of
from drsorch.audit.record import record
from drsorch.config.services import current_settings
from drsorch.errors import Conflict, Invalid
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
def withdraw_termination(*, execution: Execution, actor: Actor) -> Execution:
    """Take back a termination that waits for a second person: nothing is terminated, and it may be asked for again.

    Whoever may terminate may take it back, whether they asked for it or will not confirm it. Raises NotFound, Denied,
    Conflict (none waits, or it was confirmed meanwhile).
    """
    require(execution, actor, "withdraw")
    termination = Termination.objects.select_for_update().get(execution=execution)
    before = facts_of(termination, ("requested_by", "needs_confirmation"))
    sentence = f"{actor.name} withdrew the termination that {termination.requested_by} asked for."
    if termination.calls.exists():  # it was asked for again: what was tried before stays
        termination.needs_confirmation, termination.gave_up_at = False, timezone.now()
        termination.reason = f"{sentence} What an earlier one left behind is still there."
        termination.save(update_fields=["needs_confirmation", "gave_up_at", "reason"])
    else:
        termination.delete()
    execution.say(f"{sentence} Nothing was terminated.", by=actor.name, what="terminate")
    execution.refresh_from_db()
    record(actor, "withdraw_termination", execution, before=before)
    return execution


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
