"""How a server stands, and how often DRS is asked."""

from datetime import timedelta

import pytest

from executions.decisions import pace, server
from tests.executions.building import NOW, after

STATUS = [
    ("PENDING", "PENDING", False, "PENDING"),
    ("PENDING", "IN_PROGRESS", False, "IN_PROGRESS"),
    ("IN_PROGRESS", "LAUNCHED", True, "LAUNCHED"),
    # LAUNCHED counts with its instance only, which DRS may show later.
    ("IN_PROGRESS", "LAUNCHED", False, "IN_PROGRESS"),
    ("PENDING", "LAUNCHED", False, "IN_PROGRESS"),
    # A job that has ended may have lost its servers.
    ("IN_PROGRESS", "", True, "LAUNCHED"),
    ("IN_PROGRESS", "", False, "IN_PROGRESS"),
    ("PENDING", "", False, "PENDING"),
    ("PENDING", "FAILED", False, "FAILED"),
    ("IN_PROGRESS", "FAILED", True, "FAILED"),
    # The instance is there, but DRS does not call the server launched yet.
    ("PENDING", "PENDING", True, "PENDING"),
    ("IN_PROGRESS", "PENDING", False, "IN_PROGRESS"),
    ("IN_PROGRESS", "SOMETHING_NEW", False, "IN_PROGRESS"),
    ("PENDING", "TERMINATED", False, "PENDING"),
]


@pytest.mark.parametrize(("current", "reported", "has_instance", "expected"), STATUS)
def test_a_server_stands_as_its_job_and_its_instance_say(current, reported, has_instance, expected):
    assert server.status(current, reported, has_instance=has_instance) == expected


STEPS = [
    ([], "", ""),
    (["JOB_START"], "", "PREPARING"),
    (["JOB_START", "CLEANUP_START", "CLEANUP_END"], "", "PREPARING"),
    (["JOB_START", "SNAPSHOT_START"], "", "SNAPSHOT"),
    (["SNAPSHOT_FAIL", "USING_PREVIOUS_SNAPSHOT"], "", "SNAPSHOT"),
    (["CONVERSION_START"], "SNAPSHOT", "CONVERSION"),
    (["LAUNCH_START", "CONVERSION_END", "JOB_START"], "", "LAUNCH"),
    (["SNAPSHOT_END"], "LAUNCH", "LAUNCH"),
    # FAST recovery skips the conversion.
    (["SNAPSHOT_END", "LAUNCH_START"], "PREPARING", "LAUNCH"),
    (["SOMETHING_NEW"], "SNAPSHOT", "SNAPSHOT"),
    (["JOB_END"], "LAUNCH", "LAUNCH"),
    (["LAUNCH_FAILED"], "CONVERSION", "LAUNCH"),
    ([], "READY", "READY"),
]


@pytest.mark.parametrize(("events", "current", "expected"), STEPS)
def test_a_step_is_the_furthest_that_the_log_shows(events, current, expected):
    assert server.step(events, current) == expected


MINUTE = 60
INTERVALS = {
    "no job left": ([], 2),
    "a young job": ([(after(-29), False)], 2),
    "a job in its middle": ([(after(-30), False)], 5),
    "an old job": ([(after(-21 * MINUTE), False)], 15),
    # Many jobs share one poll that comes as often as they want on average.
    "an old job beside one in its middle": ([(after(-21 * MINUTE), False), (after(-10 * MINUTE), False)], 7.5),
    "one of many is about to end": ([(after(-MINUTE), True), *[(after(-10 * MINUTE), False)] * 9], 50 / 11.5),
    "all of many are about to end": ([(after(-10 * MINUTE), True)] * 9, 2),
    "an old job that is about to end": ([(after(-21 * MINUTE), True)], 2),
    "a job from the future, by another clock": ([(after(90), False)], 2),
}


@pytest.mark.parametrize("case", INTERVALS)
def test_drs_is_asked_often_when_something_is_about_to_happen(case):
    jobs, expected = INTERVALS[case]

    assert pace.interval(jobs, NOW, fast=2, normal=5, slow=15) == pytest.approx(expected)


def test_failures_are_followed_by_longer_waits_up_to_a_limit():
    waits = [pace.back_off(failures, 2, 60) for failures in (0, 1, 2, 4, 5, 1_000_000)]

    assert waits == [2, 4, 8, 32, 60, 60]
    assert timedelta(seconds=waits[-1])
