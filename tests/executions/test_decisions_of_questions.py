"""When people are asked, and what follows from their answers."""

import pytest

from executions.decisions import decide
from executions.decisions.actions import (
    Ask,
    Judge,
    Pause,
    Skip,
    StartWave,
    Wait,
)
from tests.executions.building import NOW, after, call, facts, wave

DONE = wave(1, "COMPLETED", members=("LAUNCHED",))
RUNNING = wave(1, "POLLING", calls=(call(),))
NEXT = wave(2, "PENDING", depends_on=(1,))
RECHECK = Wait(after(30))
BOTH = {"parallel_waves": True}


def stopped(**more):
    """Wave 1, completed, after which the plan stops."""
    return wave(1, "COMPLETED", members=("LAUNCHED",), pause_after=True, **({"is_passed": False} | more))


def failed(status="LAUNCHING", **more):
    """Wave 1, about whose failure people decide."""
    return wave(1, status, on_failure="ASK", **more)


PAUSES = {
    "the plan stops after a wave": (facts(stopped(), NEXT), Ask(1, "PAUSE_AFTER")),
    "the plan stops after a wave that nothing depends on": (
        facts(stopped(), wave(2, "PENDING")),
        Ask(1, "PAUSE_AFTER"),
    ),
    "the question after a wave is waited for": (
        facts(stopped(gate="PAUSE_AFTER"), NEXT, status="PAUSED"),
        Wait(None),
    ),
    "the question after a wave is asked once": (
        facts(stopped(is_passed=True, answers={"PAUSE_AFTER": "RESUME"}), NEXT),
        StartWave(2),
    ),
    "the plan does not stop after a wave that stops the plan": (
        facts(wave(1, "FAILED", members=("FAILED",), outcome="FAILED", pause_after=True), NEXT),
        Skip(because=1, waves=(2,)),
    ),
    "the plan stops after a failed wave that it lets by": (
        facts(
            wave(1, "FAILED", members=("FAILED",), outcome="FAILED", pause_after=True, on_failure="CONTINUE"),
            NEXT,
        ),
        Ask(1, "PAUSE_AFTER"),
    ),
    "the plan stops after a failed wave that people let by": (
        facts(
            wave(
                1,
                "FAILED",
                members=("FAILED",),
                outcome="FAILED",
                pause_after=True,
                on_failure="ASK",
                answers={"FAILURE": "CONTINUE"},
            ),
            NEXT,
        ),
        Ask(1, "PAUSE_AFTER"),
    ),
    "the plan does not stop after a wave whose jobs still run out": (
        facts(wave(1, "POLLING", outcome="FAILED", calls=(call(),), on_failure="CONTINUE", pause_after=True), NEXT),
        RECHECK,
    ),
    "the plan does not stop after a wave when no other can follow": (
        facts(stopped(), wave(2, "POLLING", calls=(call(members=(2,)),)), **BOTH),
        RECHECK,
    ),
    "the plan does not stop after a failed wave that nobody lets by": (
        facts(
            failed("FAILED", members=("FAILED",), outcome="FAILED", answers={"FAILURE": "SKIP"}, pause_after=True),
            wave(2, "SKIPPED", members=("SKIPPED",), depends_on=(1,)),
            wave(3, "PENDING"),
        ),
        StartWave(3),
    ),
    "a pause on request takes effect before the next wave": (
        facts(DONE, NEXT, pause_requested=True),
        Ask(2, "PAUSE_REQUESTED"),
    ),
    "a pause on request does not touch what runs": (facts(RUNNING, NEXT, pause_requested=True), RECHECK),
    "a pause on request holds a wave that is independent of what runs": (
        facts(RUNNING, wave(2, "PENDING"), pause_requested=True, **BOTH),
        Ask(2, "PAUSE_REQUESTED"),
    ),
    "a pause on request is asked for once": (
        facts(wave(1, "WAITING", gate="PAUSE_REQUESTED"), wave(2, "PENDING"), pause_requested=True, **BOTH),
        Pause(1),
    ),
    "a pause on request asks again although the plan's question was answered": (
        facts(
            DONE,
            wave(2, "PENDING", depends_on=(1,), pause_before=True, answers={"PAUSE_BEFORE": "RESUME"}),
            pause_requested=True,
        ),
        Ask(2, "PAUSE_REQUESTED"),
    ),
    "a wave that is skipped on request is skipped, and those after it go on": (
        facts(DONE, wave(2, "PENDING", answers={"PAUSE_REQUESTED": "SKIP"}), wave(3, "PENDING", depends_on=(2,))),
        Skip(because=2, waves=(2,), passes=True),
    ),
    "a wave that is skipped for a problem is skipped, and those after it go on": (
        facts(DONE, wave(2, "PENDING", answers={"PROBLEM": "SKIP"})),
        Skip(because=2, waves=(2,), passes=True),
    ),
    "an execution that only waits for people is paused": (facts(DONE, wave(2, "WAITING", gate="PROBLEM")), Pause(2)),
    "an execution is not paused while a wave runs": (
        facts(RUNNING, wave(2, "WAITING", gate="PROBLEM"), **BOTH),
        RECHECK,
    ),
    "an execution is paused for a question about the wave that runs": (
        facts(wave(1, "POLLING", calls=(call(),), gate="UNHEARD")),
        Pause(1),
    ),
    "an execution is paused while a wave that timed out runs out": (
        facts(wave(1, "POLLING", calls=(call(),), outcome="FAILED", on_failure="ASK", gate="FAILURE")),
        Pause(1),
    ),
    "an execution is paused while a wave that timed out and was let by runs out": (
        facts(
            wave(1, "POLLING", calls=(call(),), outcome="FAILED", is_passed=True),
            wave(2, "WAITING", gate="PROBLEM", depends_on=(1,)),
        ),
        Pause(2),
    ),
    "an execution is paused once": (facts(DONE, wave(2, "WAITING", gate="PROBLEM"), status="PAUSED"), Wait(None)),
    "a cancelled execution is not paused": (
        facts(wave(1, "POLLING", calls=(call(),), gate="UNHEARD"), status="CANCELLING", cancelled_by="olga"),
        RECHECK,
    ),
}


@pytest.mark.parametrize("case", PAUSES)
def test_the_execution_pauses_and_goes_on(case):
    given, expected = PAUSES[case]

    assert decide(given) == expected


ENDED = {"members": ("LAUNCHED", "FAILED"), "calls": (call(members=(1, 2), job_ended_at=NOW),)}
LATE = {"outcome": "FAILED", "calls": (call(),)}


FAILURES = {
    "people are asked when all servers have come to their end": (facts(failed(**ENDED)), Ask(1, "FAILURE")),
    "people are asked when the wave has timed out": (facts(failed("POLLING", **LATE)), Ask(1, "FAILURE")),
    "the others are followed before people are asked": (
        facts(failed(members=("FAILED", "IN_PROGRESS"), calls=(call(members=(1, 2)),))),
        RECHECK,
    ),
    "a failed optional server is not asked about": (facts(failed(optional=[2], **ENDED)), Judge(1, "PARTIAL", True)),
    "the wave is not judged before the answer": (
        facts(failed(gate="FAILURE", **ENDED), status="PAUSED"),
        RECHECK,
    ),
    "the waves after it may start when people continue": (
        facts(failed(answers={"FAILURE": "CONTINUE"}, **ENDED)),
        Judge(1, "FAILED", passes=True),
    ),
    "the waves after it may not start yet when the plan stops after it": (
        facts(failed(answers={"FAILURE": "CONTINUE"}, pause_after=True, **ENDED)),
        Judge(1, "FAILED", passes=False),
    ),
    "the waves after it may not start when people skip them": (
        facts(failed(answers={"FAILURE": "SKIP"}, **ENDED)),
        Judge(1, "FAILED", passes=False),
    ),
    "people are asked again when a retry has failed": (
        facts(failed(answers={"FAILURE": "RETRY"}, **ENDED)),
        Ask(1, "FAILURE"),
    ),
    "people who cancelled are not asked": (
        facts(failed(**ENDED), status="CANCELLING", cancelled_by="olga"),
        Judge(1, "FAILED", passes=False),
    ),
    "people are asked behind another question about the wave": (
        facts(failed(gate="UNHEARD", **ENDED), NEXT, status="PAUSED"),
        RECHECK,
    ),
    "waves that people skip are skipped": (
        facts(failed("FAILED", members=("FAILED",), outcome="FAILED", answers={"FAILURE": "SKIP"}), NEXT),
        Skip(because=1, waves=(2,)),
    ),
    "waves that people skip are skipped while jobs run out": (
        facts(failed("POLLING", answers={"FAILURE": "SKIP"}, **LATE), NEXT),
        Skip(because=1, waves=(2,)),
    ),
    "waves that do not depend on it go on": (
        facts(
            failed("FAILED", members=("FAILED",), outcome="FAILED", answers={"FAILURE": "SKIP"}),
            wave(2, "SKIPPED", members=("SKIPPED",), depends_on=(1,)),
            wave(3, "PENDING"),
        ),
        StartWave(3),
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_people_decide_on_a_failure(case):
    given, expected = FAILURES[case]

    assert decide(given) == expected
