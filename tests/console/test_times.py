"""Times and durations in words."""

from datetime import UTC, datetime, timedelta

import pytest

from drsorch.console.times import clock_text, duration_text, moment_text, relative_text

NOW = datetime(2026, 11, 20, 3, 15, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "\N{EN DASH}"),
        (-5, "0 s"),
        (0.9, "0 s"),
        (59, "59 s"),
        (60, "1 min 00 s"),
        (1002, "16 min 42 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (4320, "1 h 12 min"),
        (86399, "23 h 59 min"),
        (86400, "1 d 00 h"),
        (timedelta(days=3, hours=4), "3 d 04 h"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds, words):
    assert duration_text(seconds) == words


@pytest.mark.parametrize(
    ("seconds_ago", "words"),
    [(0, "just now"), (59, "59 s ago"), (60, "1 min ago"), (7199, "1 h ago"), (90000, "1 d ago"), (-300, "in 5 min")],
)
def test_a_moment_is_said_by_its_distance_in_one_unit(seconds_ago, words):
    assert relative_text(NOW - timedelta(seconds=seconds_ago), NOW) == words


def test_a_moment_is_said_in_utc_and_names_it():
    assert moment_text(NOW) == "20 Nov 2026, 03:15:04 UTC"
    assert clock_text(NOW) == "03:15:04"
