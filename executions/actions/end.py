"""End waves and executions, and free what they held."""

from django.utils import timezone

from executions.actions.servers import end_servers
from executions.decisions import actions as do
from executions.models import Execution, Gate, Launch, ServerRun, WaveRun
from executions.states import (
    UNSTARTED_WAVE,
    WAVE_MOVES,
    CallStatus,
    ExecutionStatus,
    LaunchStatus,
    WaveStatus,
    check_move,
)
from executions.turn import Turn
from plans.models import RecoveryPlan
from protection.models import ServerHold


def judge(turn: Turn, action: do.Judge) -> None:
    """End a wave whose servers have all come to their end, with a sentence that counts them."""
    with turn.record() as execution:
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        check_move(wave.status, action.status, WAVE_MOVES)
        wave.launches.filter(status=CallStatus.SENT).update(status=CallStatus.DONE)
        wave.status = wave.outcome = action.status
        wave.ended_at = timezone.now()
        wave.reason = f"{wave.reason} {_count(wave)}".strip() if action.status == WaveStatus.FAILED else _count(wave)
        wave.save(update_fields=["status", "outcome", "ended_at", "reason"])
        execution.say(
            f"Wave {wave.number}, {wave.name}: {_count(wave)}",
            by="engine",
            what="wave",
            tone=WaveStatus(action.status).tone,
        )


def skip(turn: Turn, action: do.Skip) -> None:
    """Skip every wave that has not started, because one has failed."""
    with turn.record() as execution:
        failed = WaveRun.objects.get(pk=action.because)
        why = f"Skipped, because wave {failed.number}, {failed.name}, failed."
        _drop(execution, WaveStatus.SKIPPED, why)
        execution.say(
            f"Wave {failed.number} failed: the waves after it are skipped.", by="engine", what="wave", tone="error"
        )


def cancel(turn: Turn, _: do.Cancel) -> None:
    """Give up all that has not started. Running jobs cannot be stopped: they are named, and followed to their end.

    Calls that were planned and not sent are given up next.
    """
    with turn.record() as execution:
        why = f"Cancelled by {execution.cancelled_by}."
        _drop(execution, WaveStatus.CANCELLED, why)
        # A question about jobs in flight is answered too: whoever cancels wants no more than their end.
        questions = Gate.objects.filter(wave__execution=execution, answered_at=None)
        questions.update(answer=ExecutionStatus.CANCELLED, answered_at=timezone.now())
        jobs = Launch.objects.filter(wave__execution=execution, status=CallStatus.SENT, job__ended_at=None)
        running = ", ".join(jobs.values_list("job__job_id", flat=True))
        note = f"{why} Waiting for DRS job {running}, which cannot be stopped." if running else why
        execution.move_to(ExecutionStatus.CANCELLING, by=execution.cancelled_by, note=note, fence=turn.fence)


def finish(turn: Turn, action: do.Finish) -> None:
    """End the execution with a sentence that counts its servers; free its servers and its plan."""
    with turn.record() as execution:
        note = _verdict(execution, action.status)
        execution.move_to(action.status, by="engine", note=note, fence=turn.fence)
        ServerHold.objects.filter(holder=execution.pk).delete()
        _tell_plan(execution, action.status)


def _tell_plan(execution: Execution, status: str) -> None:
    """Write the plan's summary of its executions, which plans cannot look up themselves."""
    plan = RecoveryPlan.objects.filter(last_execution=execution.pk)
    ended = ExecutionStatus(status)
    plan.update(active_execution=None, last_status=status, last_label=ended.label, last_tone=ended.tone)
    if status == ExecutionStatus.COMPLETED and execution.is_drill:
        plan.update(last_successful_drill_at=execution.ended_at)


def _drop(execution: Execution, status: str, why: str) -> None:
    """End every wave that has not started, and free its servers."""
    waves = WaveRun.objects.filter(execution=execution, status__in=UNSTARTED_WAVE)
    for wave in waves:
        check_move(wave.status, status, WAVE_MOVES)
    end_servers(execution, ServerRun.objects.filter(wave__in=waves), LaunchStatus.SKIPPED, why)
    now = timezone.now()
    Gate.objects.filter(wave__in=waves, answered_at=None).update(answer=status, answered_at=now)
    waves.update(status=status, outcome=status, reason=why, ended_at=now)


def _count(wave: WaveRun) -> str:
    servers = list(wave.servers.values_list("launch_status", flat=True))
    return f"{servers.count(LaunchStatus.LAUNCHED)} of {len(servers)} servers launched."


def _verdict(execution: Execution, status: str) -> str:
    servers = list(ServerRun.objects.filter(wave__execution=execution).values_list("launch_status", flat=True))
    launched = servers.count(LaunchStatus.LAUNCHED)
    counted = f"{launched} of {len(servers)} servers launched."
    if execution.cancelled_by and status != ExecutionStatus.COMPLETED:
        counted = f"{ExecutionStatus(status).label}, cancelled by {execution.cancelled_by}. {counted}"
    return counted
