"""What a termination needs: calls made, jobs ended, instances proven gone."""

from datetime import timedelta

from executions.decisions.actions import (
    Action,
    FinishTermination,
    ProveGone,
    ReconcileTermination,
    SendTermination,
    Wait,
)
from executions.decisions.facts import CallFacts, Facts
from executions.states import OPEN_CALL, CallStatus


def decide(facts: Facts) -> Action:
    """Return what the termination of an ended execution needs next; Wait(None) when none was asked for."""
    if facts.termination is None:
        return Wait(None)
    for call in facts.termination.calls:
        action = _of_call(call, facts)
        if action is not None:
            return action
    if not any(call.status in OPEN_CALL for call in facts.termination.calls):
        return FinishTermination()
    later = [call.not_before for call in facts.termination.calls if call.not_before and call.not_before > facts.now]
    return Wait(min([*later, facts.now + timedelta(seconds=facts.limits.recheck)]))


def _of_call(call: CallFacts, facts: Facts) -> Action | None:
    if call.not_before is not None and call.not_before > facts.now:
        return None
    if call.status == CallStatus.PLANNED:
        return SendTermination(call.pk)
    if call.status == CallStatus.INTENT:
        return ReconcileTermination(call.pk)
    if call.status == CallStatus.SENT and call.job_ended_at:
        return ProveGone(call.pk)
    return None
