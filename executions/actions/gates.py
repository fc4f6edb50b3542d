"""Stop and ask people."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from executions.decisions import actions as do
from executions.models import Gate, ServerRun, WaveRun
from executions.states import (
    IN_FLIGHT_WAVE,
    MAY_HAVE_A_JOB,
    RUNNING,
    SILENCE,
    UNSTARTED_WAVE,
    CheckResult,
    ExecutionStatus,
    GateKind,
    LaunchStatus,
    WaveStatus,
)
from executions.turn import Turn

Detail = dict[str, str]
QUESTIONS = {
    GateKind.PAUSE_BEFORE: "The plan stops before {wave}. Resume to start it, skip it, or cancel.",
    GateKind.PAUSE_AFTER: "The plan stops after {wave}. Resume to start the waves that run after it, or cancel.",
    GateKind.PAUSE_REQUESTED: "{by} asked to pause before {wave}. Resume to start it, skip it, or cancel.",
    GateKind.PROBLEM: "Before {wave} its servers were looked at again: {by} Look again, skip the wave, or cancel.",
    GateKind.FAILURE: (
        "A decision on {wave}: {by}. Retry the failed servers, continue with the next waves, skip the waves that run "
        "after it, or cancel."
    ),
    GateKind.TWO_JOBS: (
        "DRS shows two jobs for one launch of {wave}: {by}. Look at both in DRS. Resume follows the newer one; what is "
        "left of the other is yours to remove."
    ),
    GateKind.UNHEARD: (
        "DRS has not answered about {wave} for long: {by}. Look at DRS yourself, repair the access and look again; "
        "or give up, which counts the servers as failed although they may have been launched."
    ),
    GateKind.ENDLESS: (
        "DRS has not ended a job of {wave} long after its time-out: {by}. Look at it in DRS. Look again later; or give "
        "up, which counts the servers as failed although they may still be launched."
    ),
}


def ask(turn: Turn, action: do.Ask) -> None:
    """Write a question about a wave, and pause the execution when nothing else goes on.

    Not when somebody has changed the execution meanwhile: what was to be asked may have been answered.
    """
    with turn.record() as execution:
        if turn.is_overtaken:
            return
        wave = WaveRun.objects.get(pk=action.wave, execution=execution)
        details = _details(wave, action.kind)
        by = "; ".join(detail["sentence"] for detail in details) or execution.pause_requested_by
        open_gate(turn, wave, action.kind, by, details)


def pause(turn: Turn, action: do.Pause) -> None:
    """Pause an execution in which nothing goes on any more until a person answers."""
    with turn.record() as execution:
        if turn.is_overtaken:
            return
        gate = Gate.objects.get(wave=action.wave, answered_at=None)
        execution.move_to(ExecutionStatus.PAUSED, by="engine", note=gate.question, fence=turn.fence)


def open_gate(turn: Turn, wave: WaveRun, kind: str, by: str, details: Sequence[Detail] = ()) -> None:
    """Write the question; pause when no other wave is under way. Call inside the turn's record.

    `details` are what the question is about, each with its "sentence".
    """
    question = QUESTIONS[GateKind(kind)].format(wave=f"wave {wave.number}, {wave.name}", by=by)
    wave.gates.create(kind=kind, question=question, details=list(details))
    if wave.status in UNSTARTED_WAVE:
        wave.status = WaveStatus.WAITING
    wave.reason = question
    wave.save(update_fields=["status", "reason"])
    execution = turn.execution
    others = execution.waves.exclude(pk=wave.pk).filter(status__in=IN_FLIGHT_WAVE, outcome="")
    if execution.status in RUNNING and not others.exists():
        execution.move_to(ExecutionStatus.PAUSED, by="engine", note=question, fence=turn.fence)
    else:
        execution.say(question, by="engine", what="gate", tone="pending")


def _details(wave: WaveRun, kind: str) -> list[Detail]:
    """Return what the question is about, one phrase for each server or call."""
    if kind == GateKind.FAILURE:
        failed = [_failure(run) for run in wave.servers.all() if _is_failed(run)]
        return [{"sentence": sentence} for sentence in failed or ["the time-out has passed"]]
    if kind in SILENCE:
        calls = wave.launches.filter(status__in=MAY_HAVE_A_JOB, job__ended_at=None).select_related("job", "account")
        if kind == GateKind.UNHEARD:
            long_ago = timezone.now() - timedelta(seconds=settings.ENGINE_UNHEARD_SECONDS)
            calls = calls.filter(Q(job__polled_at=None) | Q(job__polled_at__lte=long_ago))
        return [{"sentence": f"{call.job or 'a StartRecovery'} in {call.region} of {call.account}"} for call in calls]
    return []


def _is_failed(run: ServerRun) -> bool:
    return run.launch_status == LaunchStatus.FAILED or run.check_result in {CheckResult.FAILED, CheckResult.UNKNOWN}


def _failure(run: ServerRun) -> str:
    what = "was not launched" if run.launch_status == LaunchStatus.FAILED else "did not pass its checks"
    return f"{run} {what}"
