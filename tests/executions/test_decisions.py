"""Which question decides first, which wave is next, and how it all ends."""

import pytest

from executions.decisions import decide, order, outcome
from executions.decisions.actions import Ask, Begin, Cancel, Finish, Send, Skip, StartWave, Wait
from executions.states import TERMINAL
from tests.executions.building import after, call, facts, wave

DONE = wave(1, "COMPLETED", members=("LAUNCHED",), outcome="COMPLETED")
PARTIAL = wave(1, "PARTIAL", members=("LAUNCHED",), outcome="PARTIAL")
FAILED = wave(1, "FAILED", members=("FAILED",), outcome="FAILED")
RUNNING = wave(1, "POLLING", calls=(call(),))
NEXT = wave(2, "PENDING", depends_on=(1,))
RECHECK = Wait(after(30))

CASES = {
    "a pending execution is taken": (facts(wave(1, "PENDING"), status="PENDING"), Begin()),
    "a pending execution that was cancelled is taken, to end it": (
        facts(wave(1, "PENDING"), status="PENDING", cancelled_by="olga"),
        Begin(),
    ),
    "the first wave starts": (facts(wave(1, "PENDING"), NEXT), StartWave(1)),
    "cancel comes before calls": (facts(wave(calls=(call(status="PLANNED"),)), cancelled_by="olga"), Cancel()),
    "a cancelled execution that waits for people is cancelled": (
        facts(DONE, wave(2, "WAITING", gate="OPEN"), status="PAUSED", cancelled_by="olga"),
        Cancel(),
    ),
    "cancel is done once": (facts(RUNNING, status="CANCELLING", cancelled_by="olga"), RECHECK),
    "calls come before new waves": (
        facts(wave(calls=(call(status="PLANNED"),)), wave(2, "PENDING")),
        Send(1),
    ),
    "one wave at a time": (facts(RUNNING, wave(2, "PENDING")), RECHECK),
    "a wave that depends on nothing waits for the one that runs": (
        facts(RUNNING, wave(2, "PENDING", depends_on=())),
        RECHECK,
    ),
    "the next wave starts when the one it depends on has completed": (facts(DONE, NEXT), StartWave(2)),
    "the next wave starts after a partial one": (facts(PARTIAL, NEXT), StartWave(2)),
    "a failed wave stops all that have not started": (facts(FAILED, NEXT), Skip(because=1, waves=(2,))),
    "a failed wave stops those that depend on nothing too": (
        facts(FAILED, wave(2, "PENDING")),
        Skip(because=1, waves=(2,)),
    ),
    "a failed wave stops one that waits for people": (
        facts(FAILED, wave(2, "WAITING", gate="OPEN"), status="PAUSED"),
        Skip(because=1, waves=(2,)),
    ),
    "a wave that timed out stops the others while its jobs run out": (
        facts(wave(1, "POLLING", outcome="FAILED", calls=(call(),)), NEXT),
        Skip(because=1, waves=(2,)),
    ),
    "a wave that timed out holds up the end": (
        facts(wave(1, "POLLING", outcome="FAILED", calls=(call(),)), wave(2, "SKIPPED", members=("SKIPPED",))),
        RECHECK,
    ),
    "the plan stops before a wave": (
        facts(DONE, wave(2, "PENDING", depends_on=(1,), pause_before=True)),
        Ask(2, "PAUSE_BEFORE"),
    ),
    "an open question is waited for, however long": (
        facts(DONE, wave(2, "WAITING", depends_on=(1,), pause_before=True, gate="OPEN"), status="PAUSED"),
        Wait(None),
    ),
    "an answered question is not asked again": (
        facts(DONE, wave(2, "PENDING", depends_on=(1,), pause_before=True, gate="ANSWERED")),
        StartWave(2),
    ),
    "a pause on request takes effect before the next wave": (
        facts(DONE, NEXT, pause_requested=True),
        Ask(2, "PAUSE_REQUESTED"),
    ),
    "a pause on request does not touch what runs": (facts(RUNNING, NEXT, pause_requested=True), RECHECK),
    "a pause on request asks again although the plan's question was answered": (
        facts(DONE, wave(2, "PENDING", depends_on=(1,), pause_before=True, gate="ANSWERED"), pause_requested=True),
        Ask(2, "PAUSE_REQUESTED"),
    ),
    "a pause on request does not hold up the end": (facts(DONE, pause_requested=True), Finish("COMPLETED")),
    "a wave whose dependencies can never complete is looked at again, not forgotten": (
        facts(DONE, wave(2, "PENDING", depends_on=(3,)), wave(3, "PENDING", depends_on=(2,))),
        RECHECK,
    ),
    "an execution ends when all its waves have": (
        facts(DONE, wave(2, "COMPLETED", members=("LAUNCHED",), outcome="COMPLETED")),
        Finish("COMPLETED"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_next_thing_is_decided(case):
    given, expected = CASES[case]

    assert decide(given) == expected


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_an_execution_that_has_ended_needs_nothing(status):
    assert decide(facts(DONE, status=status)) == Wait(None)


def test_the_lowest_wave_whose_dependencies_have_completed_is_next():
    waves = (
        wave(1, "COMPLETED", members=("LAUNCHED",)),
        wave(2, "PENDING", depends_on=(4,)),
        wave(4, "PENDING", depends_on=(1,)),
        wave(3, "PENDING", depends_on=(1,)),
    )

    assert order.next_wave(waves).number == 3


@pytest.mark.parametrize("status", ["FAILED", "SKIPPED", "CANCELLED", "PENDING"])
def test_a_wave_that_did_not_complete_lets_no_other_start(status):
    assert order.next_wave((wave(1, status, depends_on=(9,)), NEXT)) is None


def test_a_wait_ends_at_the_earliest_moment_that_matters():
    waves = (wave(1, "POLLING", calls=(call(),), deadline=after(12)),)

    assert decide(facts(*waves)) == Wait(after(12))


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


WAVES = [
    (["LAUNCHED", "LAUNCHED"], "COMPLETED"),
    (["LAUNCHED", "TERMINATED"], "COMPLETED"),
    (["LAUNCHED", "FAILED"], "FAILED"),
    (["FAILED", "SKIPPED"], "FAILED"),
    (["LAUNCHED", "SKIPPED"], "PARTIAL"),
    (["SKIPPED", "SKIPPED"], "CANCELLED"),
]


@pytest.mark.parametrize(("servers", "expected"), WAVES)
def test_a_wave_ends_as_its_servers_did(servers, expected):
    assert outcome.of_wave(servers) == expected


EXECUTIONS = [
    (["LAUNCHED", "LAUNCHED"], False, "COMPLETED"),
    (["LAUNCHED", "LAUNCHED"], True, "COMPLETED"),
    (["LAUNCHED", "TERMINATED"], False, "COMPLETED"),
    (["LAUNCHED", "FAILED"], False, "PARTIAL"),
    (["LAUNCHED", "SKIPPED"], False, "PARTIAL"),
    (["LAUNCHED", "SKIPPED"], True, "PARTIAL"),
    (["FAILED", "SKIPPED"], False, "FAILED"),
    (["FAILED"], True, "CANCELLED"),
    (["SKIPPED"], True, "CANCELLED"),
    ([], False, "FAILED"),
]


@pytest.mark.parametrize(("servers", "cancelled", "expected"), EXECUTIONS)
def test_an_execution_ends_as_its_servers_did(servers, cancelled, expected):
    assert outcome.of_execution(servers, cancelled=cancelled) == expected
