"""End waves and executions, and free what they held."""

from django.db.models import QuerySet
from django.utils import timezone

from executions import checking
from executions.actions.servers import end_servers
from executions.decisions import actions as do
from executions.decisions import outcome
from executions.models import Execution, Gate, Launch, ServerRun, WaveRun
from executions.states import (
    SILENCE,
    UNSTARTED_WAVE,
    WAVE_MOVES,
    Answer,
    CallStatus,
    ExecutionStatus,
    LaunchStatus,
    WaveStatus,
    check_move,
)
from executions.turn import Turn
from plans.models import OnFailure, RecoveryPlan
from protection.models import ServerHold


def judge(turn: Turn, action: do.Judge) -> None:
    """End a wave whose servers have all come to their end, with a sentence that counts them."""
    with turn.record() as execution:
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        check_move(wave.status, action.status, WAVE_MOVES)
        wave.launches.filter(status=CallStatus.SENT).update(status=CallStatus.DONE)
        count = _count(wave)
        # It has an outcome already only when it has timed out, and then says so.
        wave.reason = f"{wave.reason} {count}".strip() if wave.outcome else count
        wave.status = wave.outcome = action.status
        wave.ended_at, wave.is_passed = timezone.now(), action.passes
        wave.save(update_fields=["status", "outcome", "ended_at", "is_passed", "reason"])
        _close(wave.gates.filter(kind__in=SILENCE))  # DRS has answered after all
        execution.say(
            f"Wave {wave.number}, {wave.name}: {count}", by="engine", what="wave", tone=WaveStatus(action.status).tone
        )


def skip(turn: Turn, action: do.Skip) -> None:
    """Skip waves that cannot start any more, because of another; or one that a person skips."""
    with turn.record() as execution:
        cause = WaveRun.objects.get(pk=action.because)
        waves = WaveRun.objects.filter(execution=execution, status__in=UNSTARTED_WAVE, pk__in=action.waves)
        why = _why_skipped(cause, by_a_person=cause.pk in action.waves)
        numbers = [str(number) for number in waves.values_list("number", flat=True)]
        named = f"Wave {numbers[0]}" if len(numbers) == 1 else f"Waves {', '.join(numbers)}"
        _drop(execution, waves, WaveStatus.SKIPPED, why, passes=action.passes)
        execution.say(
            f"{named} {why[0].lower()}{why[1:]}", by="engine", what="wave", tone="warn" if action.passes else "error"
        )


def cancel(turn: Turn, _: do.Cancel) -> None:
    """Give up all that has not started. Running jobs cannot be stopped: they are named, and followed to their end.

    Calls that were planned and not sent are given up next.
    """
    with turn.record() as execution:
        why = f"Cancelled by {execution.cancelled_by}."
        waves = WaveRun.objects.filter(execution=execution, status__in=UNSTARTED_WAVE)
        _drop(execution, waves, WaveStatus.CANCELLED, why)
        # A question about jobs in flight is answered too: whoever cancels wants no more than their end.
        questions = Gate.objects.filter(wave__execution=execution, answered_at=None)
        questions.update(answer=Answer.CANCEL, answered_at=timezone.now(), answered_name=execution.cancelled_by)
        jobs = Launch.objects.filter(wave__execution=execution, status=CallStatus.SENT, job__ended_at=None)
        running = ", ".join(jobs.values_list("job__job_id", flat=True))
        note = f"{why} Waiting for DRS job {running}, which cannot be stopped." if running else why
        execution.move_to(ExecutionStatus.CANCELLING, by=execution.cancelled_by, note=note, fence=turn.fence)


def finish(turn: Turn, action: do.Finish) -> None:
    """End the execution with a sentence that counts its servers; free its servers and its plan."""
    with turn.record() as execution:
        note = _verdict(execution, action.status)
        execution.move_to(action.status, by="engine", note=note, fence=turn.fence)
        _close(Gate.objects.filter(wave__execution=execution))
        checking.leave(execution)
        ServerHold.objects.filter(holder=execution.pk).delete()
        _tell_plan(execution, action.status)


def _close(gates: "QuerySet[Gate]") -> None:
    """Close questions that nobody has to answer any more."""
    gates.filter(answered_at=None).update(answered_at=timezone.now(), answered_name="engine")


def _tell_plan(execution: Execution, status: str) -> None:
    """Write the plan's summary of its executions, which plans cannot look up themselves."""
    plan = RecoveryPlan.objects.filter(last_execution=execution.pk)
    ended = ExecutionStatus(status)
    plan.update(active_execution=None, last_status=status, last_label=ended.label, last_tone=ended.tone)
    if status == ExecutionStatus.COMPLETED and execution.is_drill:
        plan.update(last_successful_drill_at=execution.ended_at)


def _drop(execution: Execution, waves: "QuerySet[WaveRun]", status: str, why: str, *, passes: bool = False) -> None:
    """End waves that have not started, and free their servers."""
    waves = WaveRun.objects.filter(pk__in=list(waves.values_list("pk", flat=True)))
    for wave in waves:
        check_move(wave.status, status, WAVE_MOVES)
    end_servers(execution, ServerRun.objects.filter(wave__in=waves), LaunchStatus.SKIPPED, why)
    now = timezone.now()
    questions = Gate.objects.filter(wave__in=waves, answered_at=None)
    questions.update(answer=Answer.SKIP if status == WaveStatus.SKIPPED else Answer.CANCEL, answered_at=now)
    waves.update(status=status, outcome=status, reason=why, ended_at=now, is_passed=passes)


def _why_skipped(cause: WaveRun, *, by_a_person: bool) -> str:
    gate = cause.gates.exclude(answered_at=None).last()
    if gate is not None and gate.answer == Answer.SKIP and (by_a_person or cause.on_failure == OnFailure.ASK):
        note = f": {gate.note}" if gate.note else "."
        return f"Skipped by {gate.answered_name}{note}"
    ended = "failed" if cause.outcome == WaveStatus.FAILED else f"was {WaveStatus(cause.status).label.lower()}"
    return f"Skipped, because wave {cause.number}, {cause.name}, {ended}."


def _count(wave: WaveRun) -> str:
    """Say how many servers were launched, and how many of them did not pass their checks."""
    servers = list(wave.servers.values_list("launch_status", "check_result"))
    launched = [check for status, check in servers if status in outcome.LAUNCHED]
    unfit = sum(check in outcome.UNFIT for check in launched)
    checks = f" {unfit} did not pass {'its' if unfit == 1 else 'their'} checks." if unfit else ""
    return f"{len(launched)} of {len(servers)} servers launched.{checks}"


def _verdict(execution: Execution, status: str) -> str:
    servers = list(ServerRun.objects.filter(wave__execution=execution).values_list("launch_status", flat=True))
    launched = sum(status in outcome.LAUNCHED for status in servers)
    counted = f"{launched} of {len(servers)} servers launched."
    if execution.cancelled_by and status != ExecutionStatus.COMPLETED:
        counted = f"{ExecutionStatus(status).label}, cancelled by {execution.cancelled_by}. {counted}"
    return counted
