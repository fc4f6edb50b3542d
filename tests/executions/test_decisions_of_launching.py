"""When a planned launch of a wave may be sent: together, so many at once, or one after the other."""

import pytest

from executions.decisions import launching
from executions.decisions import wave as decisions
from executions.decisions.actions import Abandon, PlanLaunches, Send
from executions.decisions.launching import Turn
from tests.executions.building import after, call, facts, wave


def planned(*members):
    """The call whose turn is asked for."""
    return call(9, "PLANNED", members=members)


FOUR = ("PENDING",) * 4

LIMITED = {
    "no limit": (None, [call(1, members=(1, 2, 3))], Turn.NOW),
    "nothing launches yet": (2, [], Turn.NOW),
    "room is left": (3, [call(1, members=(1, 2))], Turn.NOW),
    "no room is left": (2, [call(1, members=(1, 2))], Turn.LATER),
    "a call that may have been sent takes room": (2, [call(1, "INTENT", members=(1, 2))], Turn.LATER),
    "a planned call takes no room": (2, [call(1, "PLANNED", members=(1, 2))], Turn.NOW),
    "a call that was given up takes no room": (2, [call(1, "ABANDONED", members=(1, 2))], Turn.NOW),
    "a call of an earlier attempt takes no room": (2, [call(1, "DONE", members=(1, 2))], Turn.NOW),
    "a job that has ended takes room while its servers are open": (
        2,
        [call(1, members=(1, 2), job_ended_at=after(-1))],
        Turn.LATER,
    ),
}


@pytest.mark.parametrize("case", LIMITED)
def test_so_many_servers_launch_at_once(case):
    limit, calls, expected = LIMITED[case]
    mine = planned(4)

    assert launching.turn_of(mine, wave(members=FOUR, max_parallel=limit, calls=(*calls, mine))) == expected


def test_servers_that_have_come_to_their_end_take_no_room():
    mine = planned(3, 4)
    given = wave(
        members=("LAUNCHED", "FAILED", "PENDING", "PENDING"), max_parallel=2, calls=(call(1, members=(1, 2)), mine)
    )

    assert launching.turn_of(mine, given) == Turn.NOW


def test_a_call_larger_than_the_limit_goes_alone():
    mine = planned(1, 2, 3)

    assert launching.turn_of(mine, wave(members=FOUR, max_parallel=2, calls=(mine,))) == Turn.NOW
    busy = wave(members=FOUR, max_parallel=2, calls=(mine, call(1, members=(4,))))
    assert launching.turn_of(mine, busy) == Turn.LATER


UNFIT = {"checks": ["FAILED"], "checks_required": True}

IN_SEQUENCE = {
    "the one before is launched": (("LAUNCHED", "PENDING"), {}, Turn.NOW),
    "the one before was terminated since": (("TERMINATED", "PENDING"), {}, Turn.NOW),
    "the one before was not sent": (("PENDING", "PENDING"), {}, Turn.LATER),
    "the one before launches": (("IN_PROGRESS", "PENDING"), {}, Turn.LATER),
    "the one before is launched, and checked": (("LAUNCHED", "PENDING"), {"checks": ["PENDING"]}, Turn.NOW),
    "the one before failed": (("FAILED", "PENDING"), {}, Turn.NEVER),
    "the one before failed, and people will be asked": (("FAILED", "PENDING"), {"on_failure": "ASK"}, Turn.NEVER),
    "the one before failed, and the plan goes on": (("FAILED", "PENDING"), {"on_failure": "CONTINUE"}, Turn.NOW),
    "an optional one before failed": (("FAILED", "PENDING"), {"optional": [1]}, Turn.NOW),
    "the one before did not pass a check that counts": (("LAUNCHED", "PENDING"), UNFIT, Turn.NEVER),
    "the one before did not pass a check": (("LAUNCHED", "PENDING"), {"checks": ["FAILED"]}, Turn.NOW),
}


@pytest.mark.parametrize("case", IN_SEQUENCE)
def test_the_second_in_a_sequence_when(case):
    members, more, expected = IN_SEQUENCE[case]

    assert launching.turn_of(planned(2), wave(members=members, is_sequential=True, **more)) == expected


def test_the_first_in_a_sequence_waits_for_nobody():
    assert launching.turn_of(planned(1), wave(members=("PENDING", "FAILED"), is_sequential=True)) == Turn.NOW


def test_one_that_is_launched_again_waits_for_nobody_after_it():
    assert launching.turn_of(planned(1), wave(members=("PENDING", "LAUNCHED"), is_sequential=True)) == Turn.NOW


UNPLANNED = {
    "a server in no call": (("PENDING",), [], True),
    "a server in a planned call": (("PENDING",), ["PLANNED"], False),
    "a server in a call that may have been sent": (("PENDING",), ["INTENT"], False),
    "a server in a job": (("IN_PROGRESS",), ["SENT"], False),
    "a server in a call of an earlier attempt": (("PENDING",), ["DONE"], True),
    "a server in a call that was given up before": (("PENDING",), ["ABANDONED"], True),
    "a server in a call that was lost before": (("PENDING",), ["LOST"], True),
    "a server in an earlier call and a new one": (("PENDING",), ["DONE", "PLANNED"], False),
    "a server that has come to its end": (("FAILED",), ["DONE"], False),
}


@pytest.mark.parametrize("case", UNPLANNED)
def test_a_launch_is_still_to_be_planned_for(case):
    members, calls, expected = UNPLANNED[case]
    given = wave(members=members, calls=tuple(call(pk, status) for pk, status in enumerate(calls, start=1)))

    assert launching.unplanned(given) == expected


PENDING_TWICE = ("PENDING", "PENDING")
FIRST, SECOND = call(1, "PLANNED"), call(2, "PLANNED", members=(2,))

DECIDED = {
    "one after the other: the first": (wave(members=PENDING_TWICE, is_sequential=True, calls=(FIRST, SECOND)), Send(1)),
    "one after the other: not the second while the first launches": (
        wave(status="POLLING", members=PENDING_TWICE, is_sequential=True, calls=(call(1), SECOND)),
        None,
    ),
    "one after the other: not the second while the first waits": (
        wave(members=PENDING_TWICE, is_sequential=True, calls=(call(1, "PLANNED", not_before=after(5)), SECOND)),
        None,
    ),
    "one after the other: the second when the first is launched, though its job runs": (
        wave(status="LAUNCHING", members=("LAUNCHED", "PENDING"), is_sequential=True, calls=(call(1), SECOND)),
        Send(2),
    ),
    "one after the other: the rest is given up after a failure": (
        wave(status="POLLING", members=("FAILED", "PENDING"), is_sequential=True, calls=(call(1), SECOND)),
        Abandon(2),
    ),
    "two at once: the third waits": (
        wave(
            status="POLLING",
            members=("PENDING",) * 3,
            max_parallel=2,
            calls=(call(1, members=(1, 2)), call(2, "PLANNED", members=(3,))),
        ),
        None,
    ),
    "two at once: the third when one has come to its end": (
        wave(
            status="LAUNCHING",
            members=("LAUNCHED", "PENDING", "PENDING"),
            max_parallel=2,
            calls=(call(1, members=(1, 2)), call(2, "PLANNED", members=(3,))),
        ),
        Send(2),
    ),
    "a launch that is retried is planned": (
        wave(status="POLLING", members=("LAUNCHED", "PENDING"), calls=(call(1, "DONE", members=(1, 2)),)),
        PlanLaunches(1),
    ),
    "a launch that is retried after the deadline is planned all the same": (
        wave(status="POLLING", calls=(call(1, "DONE"),), deadline=after(-1)),
        PlanLaunches(1),
    ),
}


@pytest.mark.parametrize("case", DECIDED)
def test_a_wave_launches_as_its_order_allows(case):
    given, expected = DECIDED[case]

    assert decisions.decide(given, facts(given)) == expected
