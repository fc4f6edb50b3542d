"""The order in which the questions are asked. The first that has an answer decides."""

from collections.abc import Callable
from datetime import datetime, timedelta

from executions.decisions import order, outcome, termination, wave
from executions.decisions.actions import Action, Begin, Cancel, Finish, Skip, Wait
from executions.decisions.facts import Facts
from executions.states import IN_FLIGHT_WAVE, TERMINAL, UNSTARTED_WAVE, ExecutionStatus, WaveStatus


def decide(facts: Facts) -> Action:
    """Return what to do next; Wait when there is nothing."""
    if facts.status in TERMINAL:
        return termination.decide(facts)
    questions: tuple[Callable[[Facts], Action | None], ...] = (begin, cancel, follow, stop, finish, order.decide)
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
        action = wave.decide(each, facts) if each.status in IN_FLIGHT_WAVE else None
        if action is not None:
            return action
    return None


def stop(facts: Facts) -> Action | None:
    """A failed wave stops the execution: every wave that has not started is skipped."""
    failed = next((each for each in facts.waves if each.outcome == WaveStatus.FAILED), None)
    if failed and any(each.status in UNSTARTED_WAVE for each in facts.waves):
        return Skip(because=failed.pk)
    return None


def finish(facts: Facts) -> Action | None:
    """An execution ends when all its waves have."""
    if any(each.status in UNSTARTED_WAVE | IN_FLIGHT_WAVE for each in facts.waves):
        return None
    servers = [server.status for each in facts.waves for server in each.servers]
    return Finish(outcome.of_execution(servers, cancelled=bool(facts.cancelled_by)))


def wake_time(facts: Facts) -> datetime | None:
    """Return when to look again without being woken; None when only a person can change anything."""
    in_flight = [each for each in facts.waves if each.status in IN_FLIGHT_WAVE]
    if not in_flight and any(each.gate == "OPEN" for each in facts.waves):
        return None
    times = [facts.now + timedelta(seconds=facts.limits.recheck)]
    for each in in_flight:
        times += wave.wake_times(each, facts)
    return min(times)
