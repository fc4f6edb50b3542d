"""What makes a worker group stalled, and what does not: tables of what was heard when."""

import pytest

from drsorch.queue.vitals import Vitals

STALL = 30.0
ALIVE = ["guard 0 0 0", "ticker", "ready 0"]


def group(*heard, born_at=0.0):
    """Return the vitals of a group of four that came up at once and then told `heard` (time, line)."""
    vitals = Vitals(born_at=born_at, workers=4, stall=STALL)
    for line in ALIVE:
        vitals.hear(line, born_at)
    for at, line in heard:
        vitals.hear(line, at)
    return vitals


def kept_up(until, *, guard="guard 0 0 0", ready="ready 0"):
    """Return the signs of life of every second from 1 to `until`."""
    return [(at, line) for at in range(1, until + 1) for line in (guard, "ticker", ready)]


CASES = [
    ("is idle", kept_up(100), 100, None),
    ("has queued work and free workers", kept_up(40, guard="guard 0 2 0"), 40, "although work is ready"),
    ("has it not for long", [*kept_up(40), (41, "guard 0 2 0")], 42, None),
    ("has work in the table and a free worker", kept_up(40, guard="guard 3 0 0", ready="ready 1"), 40, "work is ready"),
    ("is inside calls with all workers", kept_up(59, guard="guard 4 4 0", ready="ready 1"), 59, None),
    ("is busy and moves", [*kept_up(40, guard="guard 0 2 0"), (39, "task")], 60, None),
    ("stopped moving", [(5, "task"), *kept_up(40, guard="guard 1 2 0")], 40, "although work is ready"),
    ("lost its guard", [(at, "ticker") for at in range(40)], 40, "its guard gave no sign of life for 30 s"),
    ("lost its ticker", [(at, "guard 0 0 0") for at in range(40)], 40, "its ticker gave no sign"),
    ("lost its monitor", kept_up(40, guard="guard 0 0 3"), 40, "finished tasks were not recorded"),
    ("records slowly", [*kept_up(40, guard="guard 0 0 3"), (39, "recorded")], 60, None),
]


@pytest.mark.parametrize(("heard", "now", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_group_that(heard, now, expected):
    vitals = group(*heard)
    if expected is None:
        for line in ("guard 0 0 0", "ticker"):
            vitals.seen_at[line.split()[0]] = now
        assert vitals.verdict(now) is None
    else:
        assert expected in vitals.verdict(now)


def test_a_group_that_never_comes_up_is_given_two_minutes():
    vitals = Vitals(born_at=0, workers=4, stall=STALL)
    vitals.hear("guard 0 0 0", 1)
    assert vitals.verdict(119) is None
    assert vitals.verdict(121) == "it did not come up within 120 s"
    assert vitals.ready_for(121) is None


def test_a_group_is_ready_once_when_guard_and_ticker_were_heard():
    vitals = Vitals(born_at=0, workers=4, stall=STALL)
    assert [vitals.hear(line, 2) for line in ("ticker", "ready 0", "guard 0 0 0", "guard 0 0 0")] == [
        False,
        False,
        True,
        False,
    ]
    assert vitals.ready_for(5) == 3


def test_last_words_are_kept():
    vitals = group((1, "ending its worker (pid 7) was killed by SIGKILL"))
    assert vitals.last_words == "its worker (pid 7) was killed by SIGKILL"


def test_a_line_that_is_not_understood_changes_nothing():
    vitals = group()
    assert not vitals.hear("", 1)
    assert not vitals.hear("something else", 1)
    assert vitals.verdict(1) is None
