"""What a wave in flight needs: calls made, answers found, time kept, servers counted."""

from datetime import datetime, timedelta

from executions.decisions import outcome
from executions.decisions.actions import Abandon, Action, GiveUp, Judge, Progress, Reconcile, Send, TimeOut
from executions.decisions.facts import CallFacts, Facts, WaveFacts
from executions.states import OPEN_CALL, OPEN_SERVER, CallStatus, ExecutionStatus, LaunchStatus, WaveStatus


def decide(wave: WaveFacts, facts: Facts) -> Action | None:
    """Return what the wave needs now, or None when there is only waiting."""
    for call in wave.calls:
        action = _of_call(call, wave, facts)
        if action is not None:
            return action
    if wave.deadline and facts.now >= wave.deadline and not wave.outcome and _open_servers(wave):
        return TimeOut(wave.pk)
    if not _open_servers(wave) and not any(_is_unsettled(call) for call in wave.calls):
        return Judge(wave.pk, wave.outcome or outcome.of_wave([server.status for server in wave.servers]))
    status = progress(wave)
    return Progress(wave.pk, status) if status != wave.status else None


def _of_call(call: CallFacts, wave: WaveFacts, facts: Facts) -> Action | None:
    due = call.not_before is None or call.not_before <= facts.now
    if call.status == CallStatus.PLANNED and _is_unwanted(wave, facts):
        return Abandon(call.pk)
    if call.status == CallStatus.PLANNED and due:
        return Send(call.pk)
    if call.status == CallStatus.INTENT and due and wave.gate != "OPEN":
        return Send(call.pk) if facts.limits.blind_resend else Reconcile(call.pk)
    if (
        call.status == CallStatus.SENT
        and call.job_ended_at
        and _open_of(call, wave)
        and _grace_end(call, facts) <= facts.now
    ):
        return GiveUp(call.pk)
    return None


def _is_unwanted(wave: WaveFacts, facts: Facts) -> bool:
    """Whoever cancels, and a wave that has timed out, wants nothing started any more, however late a call turns up."""
    return facts.status == ExecutionStatus.CANCELLING or bool(wave.outcome)


def _open_of(call: CallFacts, wave: WaveFacts) -> bool:
    return any(server.pk in call.servers and server.status in OPEN_SERVER for server in wave.servers)


def _open_servers(wave: WaveFacts) -> bool:
    return any(server.status in OPEN_SERVER for server in wave.servers)


def _is_unsettled(call: CallFacts) -> bool:
    """A job that still runs is followed to its end, even when all its servers have come to theirs."""
    return call.status in OPEN_CALL and call.job_ended_at is None


def _grace_end(call: CallFacts, facts: Facts) -> datetime:
    """DRS may report a server late: give it time after its job has ended before it counts as failed."""
    return (call.job_ended_at or facts.now) + timedelta(seconds=facts.limits.grace)


def progress(wave: WaveFacts) -> str:
    """Return the status that says what the wave's jobs do: none yet, preparing, or launching instances."""
    if not any(call.status in {CallStatus.SENT, CallStatus.DONE} for call in wave.calls):
        return WaveStatus.INITIATED
    launching = {LaunchStatus.IN_PROGRESS, LaunchStatus.LAUNCHED}
    return WaveStatus.LAUNCHING if any(server.status in launching for server in wave.servers) else WaveStatus.POLLING


def wake_times(wave: WaveFacts, facts: Facts) -> list[datetime]:
    """Return the moments at which something about the wave becomes due by itself."""
    times = [wave.deadline] if wave.deadline and not wave.outcome else []
    for call in wave.calls:
        if call.status in {CallStatus.PLANNED, CallStatus.INTENT} and call.not_before:
            times.append(call.not_before)
        if call.status == CallStatus.SENT and call.job_ended_at:
            times.append(_grace_end(call, facts))
    return [time for time in times if time > facts.now]
