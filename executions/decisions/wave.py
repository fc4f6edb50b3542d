"""What a wave in flight needs: calls made, answers found, time kept, servers counted."""

from datetime import datetime, timedelta

from executions.decisions import launching, outcome
from executions.decisions.actions import (
    Abandon,
    Action,
    Ask,
    GiveUp,
    Judge,
    LoseSight,
    PlanLaunches,
    Progress,
    Reconcile,
    Send,
    TimeOut,
)
from executions.decisions.facts import CallFacts, Facts, WaveFacts
from executions.states import (
    MAY_HAVE_A_JOB,
    OPEN_CALL,
    OPEN_SERVER,
    Answer,
    CallStatus,
    CheckResult,
    ExecutionStatus,
    GateKind,
    LaunchStatus,
    WaveStatus,
)
from plans.models import OnFailure


def decide(wave: WaveFacts, facts: Facts) -> Action | None:
    """Return what the wave needs now, or None when there is only waiting."""
    for call in wave.calls:
        action = _of_call(call, wave, facts)
        if action is not None:
            return action
    if launching.unplanned(wave):
        return PlanLaunches(wave.pk)
    if wave.deadline and facts.now >= wave.deadline and not wave.outcome and _is_unfinished(wave):
        return TimeOut(wave.pk, passes=_passes(wave, WaveStatus.FAILED))
    return _question(wave, facts) or _end(wave, facts) or _progress(wave)


def _of_call(call: CallFacts, wave: WaveFacts, facts: Facts) -> Action | None:
    if call.status == CallStatus.PLANNED:
        return _planned(call, wave, facts)
    if _is_given_up(call, wave, facts):
        return LoseSight(call.pk)
    if call.status == CallStatus.INTENT and _is_due(call, facts) and wave.gate != GateKind.TWO_JOBS:
        return _sent_blindly(call, wave, facts) if facts.limits.blind_resend else Reconcile(call.pk)
    if call.status == CallStatus.SENT and call.job_ended_at and _has_open(call, wave) and _is_graceless(call, facts):
        return GiveUp(call.pk)
    return None


def _sent_blindly(call: CallFacts, wave: WaveFacts, facts: Facts) -> Action:
    """Take an intent for a plan, which is the mistake that the torture's negative control makes on purpose."""
    return Abandon(call.pk) if _is_unwanted(wave, facts) else Send(call.pk)


def _planned(call: CallFacts, wave: WaveFacts, facts: Facts) -> Action | None:
    turn = launching.turn_of(call, wave)
    if _is_unwanted(wave, facts) or turn == launching.Turn.NEVER:
        return Abandon(call.pk)
    return Send(call.pk) if turn == launching.Turn.NOW and _is_due(call, facts) else None


def _question(wave: WaveFacts, facts: Facts) -> Action | None:
    """Ask when DRS cannot be asked about a job any more, and when the plan wants people to decide on a failure."""
    if wave.gate:
        return None
    if any(_unheard_at(call, wave, facts) <= facts.now for call in _followed(wave)):
        return Ask(wave.pk, GateKind.UNHEARD)
    endless_at = _endless_at(wave, facts)
    if endless_at is not None and endless_at <= facts.now:
        return Ask(wave.pk, GateKind.ENDLESS)
    return Ask(wave.pk, GateKind.FAILURE) if _wants_a_decision(wave, facts) else None


def _wants_a_decision(wave: WaveFacts, facts: Facts) -> bool:
    """Say whether the plan wants people to decide on the wave's failure, and nobody has."""
    if wave.on_failure != OnFailure.ASK or facts.status == ExecutionStatus.CANCELLING or facts.cancelled_by:
        return False
    has_failed = wave.outcome == WaveStatus.FAILED or (
        _has_come_to_its_end(wave, facts) and outcome.of_wave(wave) == WaveStatus.FAILED
    )
    return has_failed and wave.answer(GateKind.FAILURE) not in {Answer.CONTINUE, Answer.SKIP}


def _end(wave: WaveFacts, facts: Facts) -> Action | None:
    """A failure that people must decide on waits for them, also behind another question about the wave."""
    if not _has_come_to_its_end(wave, facts) or _wants_a_decision(wave, facts):
        return None
    status = wave.outcome or outcome.of_wave(wave)
    return Judge(wave.pk, status, passes=_passes(wave, status))


def _passes(wave: WaveFacts, status: str) -> bool:
    """Say whether the waves that run after it may start at once: not when the plan pauses after it."""
    return wave.is_passed or (outcome.may_pass(wave, status) and not wave.pause_after)


def _is_due(call: CallFacts, facts: Facts) -> bool:
    return call.not_before is None or call.not_before <= facts.now


def _is_unwanted(wave: WaveFacts, facts: Facts) -> bool:
    """Whoever cancels, and a wave that has timed out, wants nothing started any more, however late a call turns up."""
    return facts.status == ExecutionStatus.CANCELLING or bool(wave.outcome)


def _has_open(call: CallFacts, wave: WaveFacts) -> bool:
    return any(server.pk in call.servers and server.status in OPEN_SERVER for server in wave.servers)


def _is_unfinished(wave: WaveFacts) -> bool:
    return any(server.status in OPEN_SERVER or server.check == CheckResult.PENDING for server in wave.servers)


def _has_come_to_its_end(wave: WaveFacts, facts: Facts) -> bool:
    """Say whether all its servers have, and its jobs: one that still runs is followed until the wave's time is up."""
    if _is_unfinished(wave):
        return False
    is_late = wave.deadline is not None and wave.deadline <= facts.now
    return is_late or not any(call.status in OPEN_CALL and call.job_ended_at is None for call in wave.calls)


def _grace_end(call: CallFacts, facts: Facts) -> datetime:
    """DRS may report a server late: give it time after its job has ended before it counts as failed."""
    return (call.job_ended_at or facts.now) + timedelta(seconds=facts.limits.grace)


def _is_graceless(call: CallFacts, facts: Facts) -> bool:
    """The time of grace counts only when DRS was asked after it: silence says nothing about a server."""
    end = _grace_end(call, facts)
    return end <= facts.now and call.heard_at is not None and call.heard_at >= end


def _followed(wave: WaveFacts) -> list[CallFacts]:
    """Calls whose job, if there is one, has not been seen to end, or has left servers without an end."""
    sent = [call for call in wave.calls if call.status in MAY_HAVE_A_JOB]
    return [call for call in sent if call.job_ended_at is None or _has_open(call, wave)]


def _unheard_at(call: CallFacts, wave: WaveFacts, facts: Facts) -> datetime:
    """When silence about the call has lasted so long that people are asked; an answer of theirs starts it anew."""
    heard = [at for at in (call.heard_at, wave.reassured_at) if at is not None]
    return max(heard, default=facts.now) + timedelta(seconds=facts.limits.unheard)


def _endless_at(wave: WaveFacts, facts: Facts) -> datetime | None:
    """When a job that DRS does not end has run so long after the wave's time-out that people are asked."""
    if wave.deadline is None or not any(_has_open(call, wave) for call in _followed(wave)):
        return None
    since = [at for at in (wave.deadline, wave.reassured_at) if at is not None]
    return max(since) + timedelta(seconds=facts.limits.endless)


def _is_given_up(call: CallFacts, wave: WaveFacts, facts: Facts) -> bool:
    """A person gave up on jobs that do not end, or on what had not been heard of for long when they decided."""
    if wave.reassured_at is None or call not in _followed(wave):
        return False
    if wave.answer(GateKind.ENDLESS) == Answer.GIVE_UP and wave.deadline is not None:
        return wave.deadline < wave.reassured_at
    silence = timedelta(seconds=facts.limits.unheard)
    is_silent = call.heard_at is None or call.heard_at + silence <= wave.reassured_at
    return wave.answer(GateKind.UNHEARD) == Answer.GIVE_UP and is_silent


def _progress(wave: WaveFacts) -> Action | None:
    status = progress(wave)
    return Progress(wave.pk, status) if status != wave.status else None


def progress(wave: WaveFacts) -> str:
    """Return the status that says what the wave's jobs do: none yet, preparing, launching instances, or checks."""
    if not any(server.status in OPEN_SERVER for server in wave.servers) and _is_unfinished(wave):
        return WaveStatus.CHECKING
    if not any(call.status in {CallStatus.SENT, CallStatus.DONE} for call in wave.calls):
        return WaveStatus.INITIATED
    is_launching = {LaunchStatus.IN_PROGRESS, LaunchStatus.LAUNCHED}
    return WaveStatus.LAUNCHING if any(server.status in is_launching for server in wave.servers) else WaveStatus.POLLING


def wake_times(wave: WaveFacts, facts: Facts) -> list[datetime]:
    """Return the moments at which something about the wave becomes due by itself."""
    times = [wave.deadline] if wave.deadline and not wave.outcome else []
    for call in wave.calls:
        if call.status in {CallStatus.PLANNED, CallStatus.INTENT} and call.not_before:
            times.append(call.not_before)
        if call.status == CallStatus.SENT and call.job_ended_at:
            times.append(_grace_end(call, facts))
    if not wave.gate:
        times += [_unheard_at(call, wave, facts) for call in _followed(wave)]
        times += [at for at in (_endless_at(wave, facts),) if at is not None and wave.outcome]
    return [time for time in times if time > facts.now]
