"""Which waves may start, what comes before, and how a wave's servers are split over calls."""

from dataclasses import replace

import pytest

from executions.decisions import decide, order
from executions.decisions.actions import Ask, Finish, Look, Skip, StartWave, Wait
from tests.executions.building import NOW, after, call, facts, wave

DONE = wave(1, "COMPLETED", members=("LAUNCHED",))
RUNNING = wave(1, "POLLING", calls=(call(),))
ASKED = wave(1, "WAITING", gate="PAUSE_BEFORE")
NEXT = wave(2, "PENDING", depends_on=(1,))
FREE = wave(2, "PENDING")
LATE = {"outcome": "FAILED", "calls": (call(),)}
BOTH = {"parallel_waves": True}

TURNS = {
    "the first wave": ((wave(1, "PENDING"), NEXT), {}, [1]),
    "none while one runs": ((RUNNING, FREE), {}, []),
    "none while instances are checked": ((wave(1, "CHECKING", members=("LAUNCHED",)), FREE), {}, []),
    "none while people are asked": ((ASKED, FREE), {}, []),
    "none while people are asked about a wave that has ended": (
        (wave(1, "COMPLETED", members=("LAUNCHED",), gate="PAUSE_AFTER", is_passed=False), FREE),
        {},
        [],
    ),
    "the lowest of those that are free": (
        (DONE, wave(3, "PENDING", depends_on=(1,)), wave(2, "PENDING", depends_on=(1,))),
        {},
        [2],
    ),
    "all that are free when waves are independent": (
        (DONE, wave(4, "PENDING", depends_on=(3,)), wave(3, "PENDING", depends_on=(1,)), NEXT),
        BOTH,
        [2, 3],
    ),
    "one that depends on nothing, beside one that runs": ((RUNNING, FREE), BOTH, [2]),
    "not one that depends on one that runs": ((RUNNING, NEXT), BOTH, []),
    "none while a second person has not confirmed, also when waves are independent": (
        (wave(1, "WAITING", gate="FOUR_EYES"), FREE),
        BOTH,
        [],
    ),
    "all that are free when a second person has confirmed": (
        (wave(1, "PENDING", answers={"FOUR_EYES": "CONFIRM"}), FREE),
        BOTH,
        [1, 2],
    ),
    "one that depends on nothing, while people are asked about another": ((ASKED, FREE), BOTH, [2]),
    "none after a pause that was asked for": (
        (wave(1, "WAITING", gate="PAUSE_REQUESTED"), FREE),
        BOTH,
        [],
    ),
    "one that needs two when both have passed": (
        (DONE, wave(2, "PARTIAL", members=("LAUNCHED",)), wave(3, "PENDING", depends_on=(1, 2))),
        BOTH,
        [3],
    ),
    "not one that needs two when one has passed": (
        (DONE, wave(2, "POLLING", calls=(call(),)), wave(3, "PENDING", depends_on=(1, 2))),
        BOTH,
        [],
    ),
    "one after a failure that people or the plan let by": (
        (wave(1, "FAILED", members=("FAILED",), outcome="FAILED", is_passed=True), NEXT),
        {},
        [2],
    ),
    "one after a wave that timed out and was let by, while its jobs run out": (
        (wave(1, "POLLING", is_passed=True, **LATE), NEXT),
        {},
        [2],
    ),
    "none before the wait after a wave is over": (
        (wave(1, "COMPLETED", members=("LAUNCHED",), free_at=after(1)), NEXT),
        {},
        [],
    ),
    "one when the wait is over": ((wave(1, "COMPLETED", members=("LAUNCHED",), free_at=NOW), NEXT), {}, [2]),
    "one that does not depend on the wave that is waited after": (
        (wave(1, "COMPLETED", members=("LAUNCHED",), free_at=after(1)), NEXT, wave(3, "PENDING")),
        BOTH,
        [3],
    ),
    "not one that depends on a wave that does not exist": ((DONE, wave(2, "PENDING", depends_on=(9,))), {}, []),
}


@pytest.mark.parametrize("case", TURNS)
def test_it_is_the_turn_of(case):
    waves, plan, expected = TURNS[case]

    assert [wave.number for wave in order.waves_in_turn(facts(*waves, **plan))] == expected


@pytest.mark.parametrize("status", ["FAILED", "SKIPPED", "CANCELLED", "POLLING", "PENDING"])
def test_a_wave_that_did_not_pass_lets_no_other_start(status):
    assert order.waves_in_turn(facts(wave(1, status, depends_on=(9,)), NEXT, parallel_waves=True)) == []


BEFORE = {
    "a wave that was just looked at starts": ({}, StartWave(2)),
    "a wave that was never looked at is looked at": ({"looked_at": None}, Look(2)),
    "a look is good for a while": ({"looked_at": after(-60)}, StartWave(2)),
    "a look grows old": ({"looked_at": after(-61)}, Look(2)),
    "a look comes again when it is due": ({"looked_at": None, "look_again_at": NOW}, Look(2)),
    "a look is not repeated before": ({"looked_at": None, "look_again_at": after(5)}, Wait(after(5))),
    "the plan stops before a wave": ({"pause_before": True}, Ask(2, "PAUSE_BEFORE")),
    "the plan stops before it looks": ({"pause_before": True, "looked_at": None}, Ask(2, "PAUSE_BEFORE")),
    "a question that was answered is not asked again": (
        {"pause_before": True, "answers": {"PAUSE_BEFORE": "RESUME"}},
        StartWave(2),
    ),
    "the answer to another question does not let a wave start": (
        {"pause_before": True, "answers": {"PROBLEM": "ACCEPT", "PAUSE_REQUESTED": "RESUME"}},
        Ask(2, "PAUSE_BEFORE"),
    ),
    "a wave that people skip is skipped, and those after it go on": (
        {"answers": {"PAUSE_BEFORE": "SKIP"}},
        Skip(because=2, waves=(2,), passes=True),
    ),
}


@pytest.mark.parametrize("case", BEFORE)
def test_before_a_wave_starts(case):
    given, expected = BEFORE[case]

    assert decide(facts(DONE, wave(2, "PENDING", depends_on=(1,), **given))) == expected


def test_a_wave_that_waits_for_a_look_holds_up_those_after_it_one_at_a_time_only():
    waves = (wave(1, "PENDING", looked_at=None, look_again_at=after(5)), FREE)

    assert decide(facts(*waves)) == Wait(after(5))
    assert decide(facts(*waves, parallel_waves=True)) == StartWave(2)


WAKE = {
    "the end of a wait": ((wave(1, "COMPLETED", free_at=after(90)), NEXT), [after(90)]),
    "not a wait that is over": ((wave(1, "COMPLETED", free_at=NOW), NEXT), []),
    "not a wait after a wave that did not pass": ((wave(1, "FAILED", free_at=after(90)), NEXT), []),
    "not a wait that nobody waits for": ((wave(1, "COMPLETED", free_at=after(90)),), []),
    "the next look": ((wave(1, "PENDING", look_again_at=after(5)),), [after(5)]),
    "not a look at a wave that has started": ((wave(1, "POLLING", look_again_at=after(5)), FREE), []),
}


@pytest.mark.parametrize("case", WAKE)
def test_a_wave_that_has_not_started_becomes_due_by_itself_at(case):
    waves, expected = WAKE[case]

    assert order.wake_times(facts(*waves)) == expected


def test_servers_are_split_by_account_and_region_and_at_most_a_hundred():
    servers = [(f"a{number}", 1, "us-east-1") for number in range(250)]
    servers += [("b", 2, "us-east-1"), ("c", 1, "eu-west-1")]

    calls = order.split(servers)

    assert [(account, region, len(members)) for account, region, members in calls] == [
        (1, "eu-west-1", 1),
        (1, "us-east-1", 100),
        (1, "us-east-1", 100),
        (1, "us-east-1", 50),
        (2, "us-east-1", 1),
    ]
    assert sorted(member for _, _, members in calls for member in members) == sorted(name for name, _, _ in servers)


def test_servers_in_sequence_get_a_call_each_in_their_order():
    servers = [("b", 2, "us-east-1"), ("a", 1, "us-east-1"), ("c", 2, "us-east-1")]

    assert order.in_sequence(servers) == [
        (2, "us-east-1", ["b"]),
        (1, "us-east-1", ["a"]),
        (2, "us-east-1", ["c"]),
    ]


FAILED = wave(1, "FAILED", members=("FAILED",), outcome="FAILED")
GONE = wave(1, "SKIPPED", members=("SKIPPED",), outcome="SKIPPED")

SKIPPED = {
    "a failure stops all waves that have not started": (facts(FAILED, NEXT), Skip(because=1, waves=(2,))),
    "a failure stops those that depend on nothing too": (
        facts(FAILED, wave(2, "PENDING")),
        Skip(because=1, waves=(2,)),
    ),
    "a failure stops one that waits for people": (
        facts(FAILED, wave(2, "WAITING", gate="PAUSE_BEFORE"), status="PAUSED"),
        Skip(because=1, waves=(2,)),
    ),
    "a failure does not stop a wave that runs": (
        facts(FAILED, wave(2, "POLLING", calls=(call(members=(2,)),)), **BOTH),
        Wait(after(30)),
    ),
    "a wave that timed out stops the others while its jobs run out": (
        facts(wave(1, "POLLING", **LATE), NEXT),
        Skip(because=1, waves=(2,)),
    ),
    "a failure that the plan lets by stops nothing": (
        facts(replace(FAILED, on_failure="CONTINUE", is_passed=True), NEXT),
        StartWave(2),
    ),
    "a wave that was skipped takes those with it that depend on it": (
        facts(GONE, NEXT, wave(3, "PENDING")),
        Skip(because=1, waves=(2,)),
    ),
    "a wave that was skipped by a person takes none with it": (
        facts(replace(GONE, is_passed=True), NEXT),
        StartWave(2),
    ),
    "waves are skipped once": (
        facts(FAILED, wave(2, "SKIPPED", members=("SKIPPED",), outcome="SKIPPED", depends_on=(1,))),
        Finish("FAILED"),
    ),
}


@pytest.mark.parametrize("case", SKIPPED)
def test_waves_that_can_never_start_are_skipped(case):
    given, expected = SKIPPED[case]

    assert decide(given) == expected
