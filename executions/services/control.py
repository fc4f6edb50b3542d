"""Pause, answer questions, and cancel."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from drsorch.audit.actor import Actor
from drsorch.audit.facts import difference, facts_of
from drsorch.audit.record import record
from drsorch.errors import Conflict
from executions import pollers
from executions.models import Execution, Gate
from executions.services import choices, retrying
from executions.services.offers import PAUSES, permit, require
from executions.states import (
    IN_FLIGHT_WAVE,
    SHOWN_AS,
    UNSTARTED_WAVE,
    Answer,
    ExecutionStatus,
    GateKind,
    WaveStatus,
)
from executions.turn import wake

# What people change about an execution: before and after, in the evidence.
TOLD = ("status", "pause_requested_at", "pause_requested_by", "cancel_requested_at", "cancelled_by")
PAUSES_BEFORE = frozenset({GateKind.PAUSE_BEFORE, GateKind.PAUSE_REQUESTED})


@transaction.atomic
def pause_execution(*, execution: Execution, actor: Actor) -> Execution:
    """Ask for a pause before the next wave; what runs in DRS goes on. Raises NotFound, Denied, Conflict."""
    require(execution, actor, "pause")
    before = facts_of(execution, TOLD)
    execution.pause_requested_at, execution.pause_requested_by = timezone.now(), actor.name
    execution.save(update_fields=["pause_requested_at", "pause_requested_by"])
    execution.say(f"{actor.name} asked to pause before the next wave.", by=actor.name, what="pause", tone="pending")
    wake([execution.pk])
    execution.refresh_from_db()
    record(actor, "pause_execution", execution, **difference(before, facts_of(execution, TOLD)))
    return execution


@transaction.atomic
def resume_execution(*, execution: Execution, actor: Actor) -> Execution:
    """Answer every open pause with "go on". Raises NotFound, Denied, Conflict (a question that needs a decision)."""
    require(execution, actor, "resume")
    before = facts_of(execution, TOLD)
    gates = list(_open_gates(execution).filter(kind__in=PAUSES))
    for gate in gates:
        _answer(execution, gate, actor, Answer.RESUME, "")
    _go_on(execution, actor, f"Resumed by {actor.name}.")
    change = difference(before, facts_of(execution, TOLD))
    record(actor, "resume_execution", execution, **change, gates=[gate.kind for gate in gates])
    return execution


@transaction.atomic
def decide_gate(*, execution: Execution, gate: int, answer: str, actor: Actor, note: str = "") -> Execution:
    """Answer one question. Some answers need a note: the reason that is kept with them.

    Raises NotFound, Denied, Invalid (not one of the options, a note is missing), and Conflict (answered by somebody
    else meanwhile, or not possible now) with what may be answered.
    """
    action = "cancel" if answer == Answer.CANCEL else "decide"
    permit(execution, actor, action)
    found = Gate.objects.select_related("wave").filter(wave__execution=execution, pk=gate).first()
    choices.refuse_answered(found, execution)
    require(execution, actor, action)
    row = choices.require(found, execution, actor, answer, note)
    before = facts_of(execution, TOLD)
    if answer == Answer.CANCEL:
        Gate.objects.filter(pk=row.pk).update(note=note)
        return cancel_execution(execution=execution, actor=actor)
    if answer == Answer.RETRY:
        retrying.retry_failed(execution, row.wave, actor)
    _answer(execution, row, actor, answer, note)
    _go_on(execution, actor, _chosen(execution, row, actor, answer, note))
    change = difference(before, facts_of(execution, TOLD))
    record(actor, "decide_gate", execution, **change, gate=row.kind, wave=row.wave.number, answer=answer, note=note)
    return execution


def retry_wave(*, execution: Execution, number: int, actor: Actor, note: str = "") -> Execution:
    """Answer the open question about wave `number` with a retry of its failed servers. Raises as `decide_gate`."""
    gate = _open_gates(execution).filter(wave__number=number).first()
    if gate is None:
        with transaction.atomic():
            require(execution, actor, "decide")
        raise Conflict(
            f"No question is open about wave {number}: a wave is retried when it has failed and asks what next.",
            details={"status": execution.status},
        )
    return decide_gate(execution=execution, gate=gate.pk, answer=Answer.RETRY, actor=actor, note=note)


@transaction.atomic
def cancel_execution(*, execution: Execution, actor: Actor) -> Execution:
    """Start nothing more. Jobs that run in DRS cannot be stopped and run out. Raises NotFound, Denied, Conflict."""
    require(execution, actor, "cancel")
    before = facts_of(execution, TOLD)
    execution.cancel_requested_at, execution.cancelled_by = timezone.now(), actor.name
    execution.save(update_fields=["cancel_requested_at", "cancelled_by"])
    execution.say(f"{actor.name} cancelled the execution.", by=actor.name, what="cancel", tone="warn")
    wake([execution.pk])
    execution.refresh_from_db()
    record(actor, "cancel_execution", execution, **difference(before, facts_of(execution, TOLD)))
    return execution


def _open_gates(execution: Execution) -> "QuerySet[Gate]":
    return Gate.objects.select_related("wave").filter(wave__execution=execution, answered_at=None)


def _answer(execution: Execution, gate: Gate, actor: Actor, answer: str, note: str) -> None:
    """Write the answer, and what it means for the wave. What has to be done, the engine does."""
    gate.answer, gate.note, gate.answered_at = answer, note, timezone.now()
    gate.answered_by, gate.answered_name = actor.user, actor.name
    gate.save(update_fields=["answer", "note", "answered_at", "answered_by", "answered_name"])
    wave = gate.wave
    if wave.status in UNSTARTED_WAVE:
        wave.status = WaveStatus.PENDING
    wave.reason = ""
    wave.look_again_at, wave.failed_looks = None, 0
    if gate.kind == GateKind.PROBLEM:
        wave.looked_at = None
        for account_id, region in sorted(set(wave.servers.values_list("account_id", "region"))):
            pollers.want_survey(account_id, region, insist=True)
    if answer == Answer.ACCEPT:
        wave.accepted_problems = [*wave.accepted_problems, *gate.details]
    wave.is_passed = wave.is_passed or _lets_pass(gate, answer)
    wave.save(
        update_fields=[
            "status",
            "reason",
            "look_again_at",
            "failed_looks",
            "looked_at",
            "accepted_problems",
            "is_passed",
        ]
    )
    if gate.kind in PAUSES_BEFORE:  # another kind of question leaves a pause that was asked for to come
        execution.pause_requested_at, execution.pause_requested_by = None, ""
        execution.save(update_fields=["pause_requested_at", "pause_requested_by"])


def _chosen(execution: Execution, gate: Gate, actor: Actor, answer: str, note: str) -> str:
    """Return the sentence for the timeline."""
    because = f": {note}" if note else "."
    if answer == Answer.CONFIRM:
        return f"{actor.name} confirmed the recovery that {execution.initiator} started{because}"
    return f"{actor.name} answered “{Answer(answer).label.lower()}” about wave {gate.wave.number}{because}"


def _shown(execution: Execution) -> str:
    """Return what the execution is called when it goes on: as its wave in flight, if there is one."""
    running = execution.waves.filter(status__in=IN_FLIGHT_WAVE).last()
    return SHOWN_AS[running.status] if running else ExecutionStatus.INITIATED


def _lets_pass(gate: Gate, answer: str) -> bool:
    """Say whether waves that run after the wave may start now."""
    if gate.kind == GateKind.PAUSE_AFTER:
        return answer == Answer.RESUME
    return answer == Answer.CONTINUE and not gate.wave.pause_after


def _go_on(execution: Execution, actor: Actor, note: str) -> None:
    """Let the execution run again, when it was paused, and wake the engine."""
    execution.refresh_from_db()
    if execution.status == ExecutionStatus.PAUSED:
        execution.move_to(_shown(execution), by=actor.name, note=note, tone="info")
    elif execution.is_active:
        execution.say(note, by=actor.name, what="decision")
    else:
        raise Conflict(f"The execution has ended: {execution.get_status_display().lower()}.")
    wake([execution.pk])
    execution.refresh_from_db()
