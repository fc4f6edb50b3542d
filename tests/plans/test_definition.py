"""What waits for what: resolved, and refused wave by wave when it cannot be."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drsorch.errors import Invalid
from plans.definition import WaveDefinition, dependencies, find_cycle, size_warnings

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
PLACE = ("Finance (222222222222)", "us-east-1")


def waves(*needs):
    return [WaveDefinition(name=f"w{number}", group_ids=(1,), depends_on=each) for number, each in enumerate(needs, 1)]


@pytest.mark.parametrize(
    ("needs", "resolved"),
    [
        ((None, None, None), [(), (1,), (2,)]),
        (((), (), ()), [(), (), ()]),
        ((None, (), (1, 2)), [(), (), (1, 2)]),
        ((None, None, (1, 1)), [(), (1,), (1,)]),
        ((), []),
    ],
    ids=["default: the previous wave", "empty list: none", "as given", "named twice", "no wave"],
)
def test_dependencies_are_resolved(needs, resolved):
    assert dependencies(waves(*needs)) == resolved


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [
        (((), (7,)), "Wave 2 runs after wave 7, but the plan has no wave 7."),
        (((), (0,)), "Wave 2 runs after wave 0, but the plan has no wave 0."),
        (((1,),), "wait for each other: wave 1 runs after wave 1."),
        (((2,), (1,)), "wave 1 runs after wave 2 runs after wave 1."),
        (((3,), (1,), (2,)), "wave 1 runs after wave 3 runs after wave 2 runs after wave 1."),
        (((), (4,), (2,), (3,)), "wave 2 runs after wave 4 runs after wave 3 runs after wave 2."),
        (((2,), ()), "Wave 1 cannot run after the later wave 2. Move wave 2 before it."),
    ],
)
def test_what_cannot_be_is_refused_and_named(needs, sentence):
    with pytest.raises(Invalid) as refusal:
        dependencies(waves(*needs))
    assert sentence in refusal.value.message


@st.composite
def graphs(draw):
    """Any graph of up to seven waves."""
    count = draw(st.integers(1, 7))
    return [tuple(sorted(draw(st.sets(st.integers(1, count), max_size=3)))) for _ in range(count)]


def can_be_ordered(needs):
    """The simple reference: take away what waits for nothing that is left, until nothing is left or all wait."""
    left = dict(enumerate(needs, 1))
    while ready := [number for number, others in left.items() if not set(others) & left.keys()]:
        for number in ready:
            del left[number]
    return not left


@patient
@given(graphs())
def test_a_cycle_is_found_if_and_only_if_the_waves_cannot_be_ordered(needs):
    assert bool(find_cycle(needs)) != can_be_ordered(needs)


@patient
@given(graphs())
def test_a_found_cycle_is_one(needs):
    cycle = find_cycle(needs)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert all(after in needs[number - 1] for number, after in itertools.pairwise(cycle))


@patient
@given(graphs())
def test_what_is_accepted_runs_in_the_order_of_the_numbers(needs):
    try:
        resolved = dependencies(waves(*needs))
    except Invalid:
        assert any(other >= number for number, others in enumerate(needs, 1) for other in others)
    else:
        assert resolved == needs
        assert all(other < number for number, others in enumerate(resolved, 1) for other in others)


def test_a_long_chain_of_waves_is_no_problem():
    assert find_cycle([(number - 1,) if number > 1 else () for number in range(1, 3001)]) == []


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        (100, None),
        (101, "Wave 1 has 101 servers in us-east-1 of Finance (222222222222); DRS allows 100 in one job"),
        (101, "so it runs as 2 jobs"),
        (500, "so it runs as 5 jobs"),
        (501, "DRS allows 500 servers in jobs at once, so the rest waits."),
    ],
)
def test_a_wave_that_is_large_for_drs_is_named_with_numbers(size, sentence):
    said = size_warnings({1: {PLACE: size}})
    assert said == [] if sentence is None else sentence in said[0]


def test_sizes_count_for_each_account_and_region_on_their_own():
    assert size_warnings({1: {PLACE: 100, ("Finance (222222222222)", "us-west-2"): 100}}) == []
