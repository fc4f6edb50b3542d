"""Stop and ask people."""

from executions.decisions import actions as do
from executions.models import WaveRun
from executions.states import UNSTARTED_WAVE, ExecutionStatus, GateKind, WaveStatus
from executions.turn import Turn

QUESTIONS = {
    GateKind.PAUSE_BEFORE: "The plan stops before wave {wave.number}, {wave.name}. Resume to start it, or cancel.",
    GateKind.PAUSE_REQUESTED: (
        "{by} asked to pause before wave {wave.number}, {wave.name}. Resume to start it, or cancel."
    ),
    GateKind.TWO_JOBS: (
        "DRS shows two jobs for one launch of wave {wave.number}, {wave.name}: {by}. Look at both in DRS. "
        "Resume follows the newer one; instances of the other that are left are yours to remove."
    ),
}


def ask(turn: Turn, action: do.Ask) -> None:
    """Pause the execution before a wave until a person answers."""
    with turn.record() as execution:
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        open_gate(turn, wave, action.kind, execution.pause_requested_by)


def open_gate(turn: Turn, wave: WaveRun, kind: str, by: str) -> None:
    """Write the question and pause. Call inside the turn's record."""
    question = QUESTIONS[GateKind(kind)].format(wave=wave, by=by)
    wave.gates.create(kind=kind, question=question)
    if wave.status in UNSTARTED_WAVE:
        wave.status = WaveStatus.WAITING
    wave.reason = question
    wave.save(update_fields=["status", "reason"])
    turn.execution.move_to(ExecutionStatus.PAUSED, by="engine", note=question, fence=turn.fence)
