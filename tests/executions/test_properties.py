"""What must hold for every plan, every answer of DRS and every status: tried with many of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from executions.decisions import order
from executions.decisions.facts import ServerFacts, WaveFacts
from executions.states import (
    ACTIVE,
    IN_FLIGHT_WAVE,
    MOVES,
    TERMINAL,
    TERMINAL_WAVE,
    UNSTARTED_WAVE,
    WAVE_MOVES,
    ExecutionStatus,
    WaveStatus,
)
from plans.models import OnFailure
from tests.executions.world import Plan, World

TABLES = [
    (ExecutionStatus, MOVES, TERMINAL, ExecutionStatus.PENDING),
    (WaveStatus, WAVE_MOVES, TERMINAL_WAVE, WaveStatus.PENDING),
]


@pytest.mark.parametrize(("statuses", "moves", "terminal", "first"), TABLES)
def test_every_status_can_be_reached_and_left_unless_it_is_an_end(statuses, moves, terminal, first):
    reached, todo = set(), [first]
    while todo:
        now = todo.pop()
        if now not in reached:
            reached.add(now)
            todo += moves[now]

    assert reached == set(statuses)
    assert {status for status in statuses if not moves[status]} == terminal


def test_every_status_is_of_one_kind():
    assert set(ExecutionStatus) == ACTIVE | TERMINAL
    assert not ACTIVE & TERMINAL
    assert set(WaveStatus) == IN_FLIGHT_WAVE | UNSTARTED_WAVE | TERMINAL_WAVE
    assert not IN_FLIGHT_WAVE & UNSTARTED_WAVE


@pytest.mark.parametrize("status", [*ExecutionStatus, *WaveStatus])
def test_every_status_has_a_word_and_a_tone(status):
    assert status.label
    assert status.tone


@some.composite
def plans(draw):
    """Up to five waves of up to four servers in two Regions, each depending on some of those before it."""
    waves, regions = [], {}
    for number in range(1, draw(some.integers(1, 5)) + 1):
        before = list(range(1, number))
        needs = draw(some.lists(some.sampled_from(before), unique=True)) if before else []
        servers = tuple(
            ServerFacts(number * 10 + index, "PENDING", is_critical=draw(some.booleans()))
            for index in range(draw(some.integers(1, 4)))
        )
        regions |= {server.pk: draw(some.sampled_from(["a", "b"])) for server in servers}
        waves.append(
            WaveFacts(
                pk=number,
                number=number,
                status="PENDING",
                depends_on=tuple(needs),
                pause_before=number > 1 and draw(some.booleans()),
                pause_after=draw(some.booleans()),
                is_sequential=draw(some.booleans()),
                max_parallel=draw(some.sampled_from([None, 1, 2, 3])),
                on_failure=draw(some.sampled_from(OnFailure)),
                checks_required=draw(some.booleans()),
                servers=servers,
            )
        )
    numbers = [wave.number for wave in waves]
    return Plan(
        waves=tuple(waves),
        parallel=draw(some.booleans()),
        timeout_minutes=draw(some.sampled_from([5, 120])),
        wait_seconds={number: draw(some.sampled_from([0, 90])) for number in numbers},
        checked=frozenset(number for number in numbers if draw(some.booleans())),
        regions=regions,
        four_eyes=draw(some.booleans()),
    )


@settings(max_examples=120, deadline=None)
@given(plans(), some.randoms(use_true_random=True))
def test_every_execution_ends_and_no_rule_is_broken_on_the_way(plan, dice):
    world = World(plan, dice)

    world.run()

    assert world.facts.status in TERMINAL


@settings(max_examples=50, deadline=None)
@given(plans(), some.randoms(use_true_random=True))
def test_an_execution_whose_questions_nobody_answers_ends_or_is_in_an_explicit_gate(plan, dice):
    world = World(plan, dice, is_answering=False)

    world.run()

    assert world.facts.status in TERMINAL or any(wave.gate for wave in world.facts.waves)


@given(some.lists(some.tuples(some.integers(1, 3), some.sampled_from(["a", "b"])), max_size=400), some.integers(1, 120))
def test_a_split_keeps_every_server_once_and_never_mixes_places(places, size):
    servers = [(number, account, region) for number, (account, region) in enumerate(places)]

    calls = order.split(servers, size)

    assert sorted(member for _, _, members in calls for member in members) == [number for number, _, _ in servers]
    assert all(1 <= len(members) <= size for _, _, members in calls)
    assert all(places[member] == (account, region) for account, region, members in calls for member in members)
