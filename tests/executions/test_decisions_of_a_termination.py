"""What a termination needs next, case by case."""

from dataclasses import replace

import pytest

from executions.decisions import decide
from executions.decisions.actions import FinishTermination, ProveGone, ReconcileTermination, SendTermination, Wait
from executions.decisions.facts import TerminationFacts
from tests.executions.building import NOW, after, call, facts

CASES = {
    "none was asked for": (None, Wait(None)),
    "a planned call is sent": ([call(status="PLANNED")], SendTermination(1)),
    "a planned call waits until it is due": ([call(status="PLANNED", not_before=after(7))], Wait(after(7))),
    "an intent is looked after": ([call(status="INTENT")], ReconcileTermination(1)),
    "an intent is looked after again when due": ([call(status="INTENT", not_before=after(7))], Wait(after(7))),
    "a job that runs is waited for": ([call()], Wait(after(30))),
    "when the job has ended, its instances are looked for": ([call(job_ended_at=NOW)], ProveGone(1)),
    "they are looked for again when due": ([call(job_ended_at=NOW, not_before=after(7))], Wait(after(7))),
    "one call does not hold up the other": (
        [call(status="PLANNED", not_before=after(7)), call(2, "PLANNED")],
        SendTermination(2),
    ),
    "it is done when every call is": ([call(status="DONE"), call(2, "DONE")], FinishTermination()),
    "one call that is not done holds up the end": ([call(status="DONE"), call(2)], Wait(after(30))),
    "nothing to call is done": ([], FinishTermination()),
}


@pytest.mark.parametrize("case", CASES)
def test_a_termination_gets_what_it_needs(case):
    calls, expected = CASES[case]
    termination = None if calls is None else TerminationFacts(pk=1, calls=tuple(calls))

    assert decide(replace(facts(status="COMPLETED"), termination=termination)) == expected
