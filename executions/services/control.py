"""Pause, resume and cancel."""

from django.db import transaction
from django.utils import timezone

from drsorch.audit.actor import Actor
from drsorch.audit.record import record
from executions.models import Execution, Gate
from executions.services.offers import require
from executions.states import UNSTARTED_WAVE, ExecutionStatus, GateKind, WaveStatus
from executions.turn import wake


@transaction.atomic
def pause_execution(*, execution: Execution, actor: Actor) -> Execution:
    """Ask for a pause before the next wave; what runs in DRS goes on. Raises NotFound, Denied, Conflict."""
    require(execution, actor, "pause")
    execution.pause_requested_at, execution.pause_requested_by = timezone.now(), actor.name
    execution.save(update_fields=["pause_requested_at", "pause_requested_by"])
    execution.say(f"{actor.name} asked to pause before the next wave.", by=actor.name, what="pause", tone="pending")
    wake([execution.pk])
    execution.refresh_from_db()
    record(actor, "pause_execution", execution)
    return execution


@transaction.atomic
def resume_execution(*, execution: Execution, actor: Actor) -> Execution:
    """Answer the open question with "go on". Raises NotFound, Denied, Conflict."""
    require(execution, actor, "resume")
    gate = Gate.objects.select_related("wave").get(wave__execution=execution, answered_at=None)
    gate.answer, gate.answered_at, gate.answered_by = "RESUME", timezone.now(), actor.user
    gate.save(update_fields=["answer", "answered_at", "answered_by"])
    wave = gate.wave
    if wave.status in UNSTARTED_WAVE:
        wave.status = WaveStatus.PENDING
    wave.reason = ""
    wave.save(update_fields=["status", "reason"])
    if gate.kind != GateKind.TWO_JOBS:  # a pause that was asked for before is still to come
        execution.pause_requested_at, execution.pause_requested_by = None, ""
        execution.save(update_fields=["pause_requested_at", "pause_requested_by"])
    execution.move_to(ExecutionStatus.INITIATED, by=actor.name, note=f"Resumed by {actor.name}.", tone="info")
    wake([execution.pk])
    execution.refresh_from_db()
    record(actor, "resume_execution", execution, gate=gate.kind)
    return execution


@transaction.atomic
def cancel_execution(*, execution: Execution, actor: Actor) -> Execution:
    """Start nothing more. Jobs that run in DRS cannot be stopped and run out. Raises NotFound, Denied, Conflict."""
    require(execution, actor, "cancel")
    execution.cancel_requested_at, execution.cancelled_by = timezone.now(), actor.name
    execution.save(update_fields=["cancel_requested_at", "cancelled_by"])
    execution.say(f"{actor.name} cancelled the execution.", by=actor.name, what="cancel", tone="warn")
    wake([execution.pk])
    execution.refresh_from_db()
    record(actor, "cancel_execution", execution)
    return execution
