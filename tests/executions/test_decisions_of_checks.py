"""How the checks after a launch end: a table of cases."""

import pytest

from executions.decisions.checks import Seen, judge

RUNNING = Seen("running", "ok", "ok")
STOPPED = Seen("stopped", "not-applicable", "not-applicable")
AT_ONCE = [
    (RUNNING, "PASSED", ""),
    (Seen("running", "impaired", "ok"), "FAILED", "EC2's instance status check of i-1 is impaired."),
    (Seen("running", "ok", "impaired"), "FAILED", "EC2's system status check of i-1 is impaired."),
    (Seen("running", "impaired", "impaired"), "FAILED", "EC2's instance and system status check of i-1 is impaired."),
    (Seen("terminated"), "FAILED", "i-1 is terminated: it was terminated outside of this execution."),
    (Seen("shutting-down"), "FAILED", "i-1 is shutting-down: it was terminated outside of this execution."),
    (
        Seen("stopped", disposition="STOPPED"),
        "NOT_APPLICABLE",
        "i-1 was launched stopped, as its launch settings say.",
    ),
    (
        Seen("stopped", disposition="STARTED"),
        "FAILED",
        "i-1 is stopped, and its launch settings say that it should run.",
    ),
    # What may still change.
    (None, "PENDING", ""),
    (Seen("pending"), "PENDING", ""),
    (Seen("stopping"), "PENDING", ""),
    (STOPPED, "PENDING", ""),
    (Seen("running", "initializing", "ok"), "PENDING", ""),
    (Seen("running", "ok", "insufficient-data"), "PENDING", ""),
    (Seen("running"), "PENDING", ""),
    (Seen("a state to come", "ok", "ok"), "PENDING", ""),
]


@pytest.mark.parametrize(("seen", "result", "why"), AT_ONCE)
def test_a_check_is_decided_as_soon_as_it_can_be(seen, result, why):
    assert judge("i-1", seen, waited=299, limit=300, problem="EC2 did not answer.") == (result, why)


AT_THE_END = [
    (None, "", "FAILED", "EC2 does not show i-1 300 s after the launch."),
    (None, "EC2 did not answer.", "UNKNOWN", "i-1 could not be checked within 300 s. EC2 did not answer."),
    (STOPPED, "DRS says no.", "UNKNOWN", "i-1 could not be checked within 300 s. DRS says no."),
    (Seen("pending"), "", "FAILED", "i-1 is still pending 300 s after the launch."),
    (Seen(""), "", "FAILED", "i-1 is still in no known state 300 s after the launch."),
    (
        Seen("running", "initializing", "ok"),
        "",
        "FAILED",
        "i-1 runs, but its instance status check is initializing 300 s after the launch.",
    ),
    (
        Seen("running", "initializing", ""),
        "DRS says no, of another server.",
        "FAILED",
        "i-1 runs, but its instance status check is initializing and its system status check is not reported 300 s "
        "after the launch.",
    ),
    (RUNNING, "", "PASSED", ""),
]


@pytest.mark.parametrize(("seen", "problem", "result", "why"), AT_THE_END)
def test_when_time_is_up_nothing_unknown_counts_as_passed(seen, problem, result, why):
    assert judge("i-1", seen, waited=300, limit=300, problem=problem) == (result, why)
