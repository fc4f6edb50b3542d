"""Times, durations and members, in every form that AWS was seen to send."""

import logging
from datetime import UTC, datetime, timedelta, timezone

import pytest

from drsorch.aws import wire

MOMENT = datetime(2024, 9, 16, 4, 42, 46, 324841, UTC)
TIMES = [
    ("2024-09-16T04:42:46.324841+00:00", MOMENT),
    ("2024-09-16T04:42:46.324841Z", MOMENT),
    ("2024-09-16T04:42:46.324Z", MOMENT.replace(microsecond=324000)),
    ("2024-09-16T04:42:46Z", MOMENT.replace(microsecond=0)),
    ("2024-09-16T06:42:46+02:00", MOMENT.replace(microsecond=0)),
    ("2024-09-16T04:42:46", MOMENT.replace(microsecond=0)),
    (MOMENT.astimezone(timezone(timedelta(hours=5))), MOMENT),
    (None, None),
    ("", None),
    ("yesterday", None),
    (1726461766, None),
]
DURATIONS = [
    ("P0D", 0),
    ("P0DT0H1M2.5S", 62),
    ("PT5M", 300),
    ("PT90S", 90),
    ("P1DT1H", 90_000),
    ("P1W", 604_800),
    ("PT0.9S", 0),
    (None, None),
    ("", None),
    ("P", None),
    ("PT", None),
    ("P1DT", None),
    ("5M", None),
    ("-PT5M", None),
    ("P1Y", None),
    ("2024-09-16T04:42:46Z", None),
    (300, None),
]


@pytest.mark.parametrize(("value", "moment"), TIMES)
def test_a_time_is_read_in_both_forms(value, moment):
    assert wire.parse_time(value) == moment


@pytest.mark.parametrize(("value", "seconds"), DURATIONS)
def test_a_lag_is_an_iso_duration(value, seconds):
    assert wire.parse_duration(value) == seconds


def test_a_filter_gets_its_time_in_the_z_form():
    assert wire.format_time(MOMENT.astimezone(timezone(timedelta(hours=-3)))) == "2024-09-16T04:42:46.324Z"
    with pytest.raises(ValueError, match="time zone"):
        wire.format_time(MOMENT.replace(tzinfo=None))


def test_what_cannot_be_read_is_logged_once(caplog):
    caplog.set_level(logging.WARNING, "drsorch.aws")
    for _ in range(3):
        wire.parse_duration("garbage for the log")
        wire.one_of(["KNOWN"], "JobStatus", "NEW_FOR_THE_LOG")
    assert caplog.text.count("garbage for the log") == 1
    assert caplog.text.count("NEW_FOR_THE_LOG") == 1


def test_a_missing_member_is_empty_at_any_depth():
    item = {"a": {"b": None, "c": [None, "x", {"d": 1}]}}
    assert wire.at(item, "a", "x", "y") is None
    assert wire.at(None, "a") is None
    assert wire.text(item, "a", "b") == ""
    assert wire.listed(item, "a", "c") == [{"d": 1}]
    assert wire.listed(item, "a", "b") == []
    assert wire.tags(item, "a", "b") == {}
    assert wire.number(item, "a", "b") is None


def test_batches_keep_the_order_and_drop_repetitions():
    assert list(wire.batches(["a", "b", "a", "c", "d", "e"], 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(wire.batches([], 2)) == []
