"""The order in which the questions are asked. The first that has an answer decides."""

from collections.abc import Callable
from datetime import datetime, timedelta

from executions.decisions import order, outcome, termination, wave
from executions.decisions.actions import Action, Ask, Begin, Cancel, Finish, Pause, Skip, Wait
from executions.decisions.facts import Facts, WaveFacts
from executions.states import BEFORE_A_WAVE, RUNNING, TERMINAL, Answer, ExecutionStatus, GateKind, WaveStatus
from plans.models import OnFailure


def decide(facts: Facts) -> Action:
    """Return what to do next; Wait when there is nothing."""
    if facts.status in TERMINAL:
        return termination.decide(facts)
    questions: tuple[Callable[[Facts], Action | None], ...] = (
        begin,
        cancel,
        follow,
        stop,
        finish,
        pause_after,
        order.decide,
        pause,
    )
    for question in questions:
        action = question(facts)
        if action is not None:
            return action
    return Wait(wake_time(facts))


def begin(facts: Facts) -> Action | None:
    """A pending execution is taken first."""
    return Begin() if facts.status == ExecutionStatus.PENDING else None


def cancel(facts: Facts) -> Action | None:
    """A cancelled execution starts nothing more; its running jobs run out."""
    return Cancel() if facts.cancelled_by and facts.status != ExecutionStatus.CANCELLING else None


def follow(facts: Facts) -> Action | None:
    """Waves in flight come before anything new."""
    for each in facts.waves:
        action = None if each.is_unstarted or each.has_ended else wave.decide(each, facts)
        if action is not None:
            return action
    return None


def stop(facts: Facts) -> Action | None:
    """Skip waves that a person skips, and those that can never start.

    A failure that stops the plan skips all that have not started, any other those that run after it.
    """
    for each in facts.waves:
        if each.is_unstarted and not each.gate and any(each.answer(kind) == Answer.SKIP for kind in BEFORE_A_WAVE):
            return Skip(because=each.pk, waves=(each.pk,), passes=True)
        if not _is_lost(each):
            continue
        stops = each.outcome == WaveStatus.FAILED and each.on_failure == OnFailure.STOP
        waves = [other for other in facts.waves if other.is_unstarted and (stops or each.number in other.depends_on)]
        if waves:
            return Skip(because=each.pk, waves=tuple(other.pk for other in waves))
    return None


def _is_lost(each: WaveFacts) -> bool:
    """Say whether the waves that run after `each` can never start: it failed or was dropped, and nobody let it by."""
    if each.is_passed:
        return False
    if each.outcome == WaveStatus.FAILED:
        return each.on_failure == OnFailure.STOP or each.answer(GateKind.FAILURE) == Answer.SKIP
    return each.status in {WaveStatus.SKIPPED, WaveStatus.CANCELLED}


def finish(facts: Facts) -> Action | None:
    """An execution ends when all its waves have."""
    if not all(each.has_ended for each in facts.waves):
        return None
    servers = [server for each in facts.waves for server in each.servers]
    return Finish(outcome.of_execution(servers, cancelled=bool(facts.cancelled_by)))


def pause_after(facts: Facts) -> Action | None:
    """The plan stops after a wave that others could follow."""
    if not any(each.is_unstarted for each in facts.waves):
        return None
    for each in facts.waves:
        wants = each.pause_after and each.has_ended and not each.is_passed and not each.gate
        if wants and outcome.may_pass(each, each.outcome):
            return Ask(each.pk, GateKind.PAUSE_AFTER)
    return None


def pause(facts: Facts) -> Action | None:
    """An execution that only waits for people is paused."""
    asked = next((each for each in facts.waves if each.gate), None)
    is_moving = any(each.is_under_way and not each.gate for each in facts.waves)
    return Pause(asked.pk) if asked and facts.status in RUNNING and not is_moving else None


def wake_time(facts: Facts) -> datetime | None:
    """Return when to look again without being woken; None when only a person can change anything."""
    times = order.wake_times(facts)
    in_flight = [each for each in facts.waves if not each.is_unstarted and not each.has_ended]
    for each in in_flight:
        times += wave.wake_times(each, facts)
    if in_flight or not any(each.gate for each in facts.waves):
        times.append(facts.now + timedelta(seconds=facts.limits.recheck))
    return min(times, default=None)
