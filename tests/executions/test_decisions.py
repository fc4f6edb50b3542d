"""Which question decides first."""

import pytest

from executions.decisions import decide
from executions.decisions.actions import Begin, Cancel, Finish, Look, Send, StartWave, Wait
from executions.states import TERMINAL
from tests.executions.building import NOW, after, call, facts, wave

DONE = wave(1, "COMPLETED", members=("LAUNCHED",))
RUNNING = wave(1, "POLLING", calls=(call(),))
NEXT = wave(2, "PENDING", depends_on=(1,))
UNSENT = wave(calls=(call(status="PLANNED"),))
RECHECK = Wait(after(30))

CASES = {
    "a pending execution is taken": (facts(wave(1, "PENDING"), status="PENDING"), Begin()),
    "a pending execution that was cancelled is taken, to end it": (
        facts(wave(1, "PENDING"), status="PENDING", cancelled_by="olga"),
        Begin(),
    ),
    "the first wave starts": (facts(wave(1, "PENDING"), NEXT), StartWave(1)),
    "cancel comes before calls": (facts(UNSENT, cancelled_by="olga"), Cancel()),
    "a cancelled execution that waits for people is cancelled": (
        facts(DONE, wave(2, "WAITING", gate="PAUSE_BEFORE"), status="PAUSED", cancelled_by="olga"),
        Cancel(),
    ),
    "cancel is done once": (facts(RUNNING, status="CANCELLING", cancelled_by="olga"), RECHECK),
    "calls come before new waves": (facts(UNSENT, wave(2, "PENDING"), parallel_waves=True), Send(1)),
    "new waves come before a pause": (
        facts(wave(1, "WAITING", gate="PAUSE_BEFORE"), wave(2, "PENDING", looked_at=None), parallel_waves=True),
        Look(2),
    ),
    "a pause on request does not hold up the end": (facts(DONE, pause_requested=True), Finish("COMPLETED")),
    "a pause after the last wave does not hold up the end": (
        facts(wave(1, "COMPLETED", members=("LAUNCHED",), pause_after=True, is_passed=False)),
        Finish("COMPLETED"),
    ),
    "an execution ends when all its waves have": (
        facts(DONE, wave(2, "COMPLETED", members=("LAUNCHED",))),
        Finish("COMPLETED"),
    ),
    "a cancelled execution ends when all its waves have": (
        facts(wave(1, "CANCELLED", members=("SKIPPED",)), status="CANCELLING", cancelled_by="olga"),
        Finish("CANCELLED"),
    ),
    "a wave that timed out holds up the end": (
        facts(wave(1, "POLLING", outcome="FAILED", calls=(call(),)), wave(2, "SKIPPED", members=("SKIPPED",))),
        RECHECK,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_next_thing_is_decided(case):
    given, expected = CASES[case]

    assert decide(given) == expected


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_an_execution_that_has_ended_needs_nothing(status):
    assert decide(facts(DONE, status=status)) == Wait(None)


ASKED = wave(2, "WAITING", depends_on=(1,), gate="PAUSE_BEFORE")

WAITS = {
    "what runs is looked at again, whoever forgets to say that it has ended": (facts(RUNNING), RECHECK),
    "an earlier moment that matters ends the wait": (
        facts(wave(1, "POLLING", calls=(call(),), deadline=after(12))),
        Wait(after(12)),
    ),
    "an open question is waited for, however long": (facts(DONE, ASKED, status="PAUSED"), Wait(None)),
    "a second person is waited for, however long": (
        facts(wave(1, "WAITING", gate="FOUR_EYES"), wave(2, "PENDING"), status="PAUSED", parallel_waves=True),
        Wait(None),
    ),
    "a question does not keep a running wave from being looked at again": (
        facts(wave(1, "POLLING", calls=(call(),)), wave(2, "WAITING", gate="PAUSE_BEFORE"), parallel_waves=True),
        RECHECK,
    ),
    "a question about a running wave does not keep it from being looked at again": (
        facts(wave(1, "POLLING", calls=(call(),), gate="UNHEARD"), status="PAUSED"),
        RECHECK,
    ),
    "a wave that timed out and runs out is looked at again while people are asked": (
        facts(wave(1, "POLLING", calls=(call(),), outcome="FAILED", on_failure="ASK", gate="FAILURE"), status="PAUSED"),
        RECHECK,
    ),
    "a wave that becomes free by itself ends a wait for people": (
        facts(
            wave(1, "COMPLETED", members=("LAUNCHED",), free_at=after(300)),
            wave(2, "WAITING", gate="PAUSE_BEFORE"),
            wave(3, "PENDING", depends_on=(1,)),
            status="PAUSED",
            parallel_waves=True,
        ),
        Wait(after(300)),
    ),
    "a look that comes again by itself ends a wait for people": (
        facts(
            wave(1, "WAITING", gate="PAUSE_BEFORE"),
            wave(2, "PENDING", looked_at=None, look_again_at=after(40)),
            status="PAUSED",
            parallel_waves=True,
        ),
        Wait(after(40)),
    ),
    "a wave whose dependencies can never end is looked at again, not forgotten": (
        facts(DONE, wave(2, "PENDING", depends_on=(3,)), wave(3, "PENDING", depends_on=(2,))),
        RECHECK,
    ),
}


@pytest.mark.parametrize("case", WAITS)
def test_a_wait_ends_at_the_earliest_moment_that_matters(case):
    given, expected = WAITS[case]

    assert decide(given) == expected


def test_what_is_due_now_is_not_waited_for():
    given = facts(wave(1, "POLLING", calls=(call(),), deadline=NOW, outcome="FAILED"))

    assert decide(given) == RECHECK
