"""How waves and executions end, and which ends let others follow."""

from dataclasses import replace

import pytest

from executions.decisions import outcome
from executions.decisions import wave as decisions
from executions.decisions.actions import Judge, TimeOut
from tests.executions.building import NOW, call, facts, servers, wave

REQUIRED = {"checks_required": True}

WAVES = {
    "all launched": (("LAUNCHED", "LAUNCHED"), {}, "COMPLETED"),
    "launched and gone again": (("LAUNCHED", "TERMINATED"), {}, "COMPLETED"),
    "a critical one failed": (("LAUNCHED", "FAILED"), {}, "FAILED"),
    "an optional one failed": (("LAUNCHED", "FAILED"), {"optional": [2]}, "PARTIAL"),
    "a critical one failed beside optional ones": (("FAILED", "LAUNCHED", "FAILED"), {"optional": [2, 3]}, "FAILED"),
    "only optional ones, and all failed": (("FAILED", "FAILED"), {"optional": [1, 2]}, "FAILED"),
    "an optional one failed, the rest were never tried": (("FAILED", "SKIPPED"), {"optional": [1]}, "FAILED"),
    "a critical one failed, the rest were never tried": (("FAILED", "SKIPPED"), {}, "FAILED"),
    "some were never tried": (("LAUNCHED", "SKIPPED"), {}, "PARTIAL"),
    "none was ever tried": (("SKIPPED", "SKIPPED"), {}, "CANCELLED"),
    "all passed their checks": (("LAUNCHED", "LAUNCHED"), {"checks": ["PASSED", "NOT_APPLICABLE"]}, "COMPLETED"),
    "one did not pass its checks": (("LAUNCHED", "LAUNCHED"), {"checks": ["PASSED", "FAILED"]}, "PARTIAL"),
    "one could not be checked": (("LAUNCHED", "LAUNCHED"), {"checks": ["PASSED", "UNKNOWN"]}, "PARTIAL"),
    "none passed its checks": (("LAUNCHED",), {"checks": ["FAILED"]}, "PARTIAL"),
    "one did not pass checks that count": (("LAUNCHED", "LAUNCHED"), {"checks": ["FAILED"], **REQUIRED}, "FAILED"),
    "one could not be checked, and it counts": (
        ("LAUNCHED", "LAUNCHED"),
        {"checks": ["UNKNOWN"], **REQUIRED},
        "FAILED",
    ),
    "an optional one did not pass checks that count": (
        ("LAUNCHED", "LAUNCHED"),
        {"optional": [1], "checks": ["FAILED"], **REQUIRED},
        "PARTIAL",
    ),
    "checks that count and are not wanted": (("LAUNCHED",), {"checks": ["NONE"], **REQUIRED}, "COMPLETED"),
}


@pytest.mark.parametrize("case", WAVES)
def test_a_wave_ends_as_its_servers_did(case):
    members, more, expected = WAVES[case]

    assert outcome.of_wave(wave(members=members, **more)) == expected


PASSES = [
    ("COMPLETED", "STOP", {}, True),
    ("PARTIAL", "STOP", {}, True),
    ("PARTIAL", "ASK", {}, True),
    ("FAILED", "STOP", {}, False),
    ("FAILED", "CONTINUE", {}, True),
    ("FAILED", "ASK", {}, False),
    ("FAILED", "ASK", {"FAILURE": "CONTINUE"}, True),
    ("FAILED", "ASK", {"FAILURE": "SKIP"}, False),
    ("FAILED", "ASK", {"FAILURE": "RETRY"}, False),
    ("FAILED", "ASK", {"PROBLEM": "CONTINUE"}, False),
    ("SKIPPED", "CONTINUE", {}, False),
    ("CANCELLED", "CONTINUE", {}, False),
]


@pytest.mark.parametrize(("status", "policy", "answers", "expected"), PASSES)
def test_a_wave_lets_others_follow_as_its_policy_or_people_say(status, policy, answers, expected):
    assert outcome.may_pass(wave(on_failure=policy, answers=answers), status) == expected


LAUNCHED = {"status": "LAUNCHING", "members": ("LAUNCHED",), "calls": (call(job_ended_at=NOW),)}
BROKEN = LAUNCHED | {"members": ("FAILED",)}
LATE = {"status": "POLLING", "calls": (call(),), "deadline": NOW}

ENDS = {
    "a completed wave lets others follow": (LAUNCHED, Judge(1, "COMPLETED", passes=True)),
    "not yet when the plan stops after it": (LAUNCHED | {"pause_after": True}, Judge(1, "COMPLETED", passes=False)),
    "a failed wave does not": (BROKEN, Judge(1, "FAILED", passes=False)),
    "a failed wave does when the plan goes on": (BROKEN | {"on_failure": "CONTINUE"}, Judge(1, "FAILED", passes=True)),
    "a failed wave does not yet when the plan goes on after a stop": (
        BROKEN | {"on_failure": "CONTINUE", "pause_after": True},
        Judge(1, "FAILED", passes=False),
    ),
    "a wave that was let by stays so": (
        BROKEN | {"outcome": "FAILED", "is_passed": True},
        Judge(1, "FAILED", passes=True),
    ),
    "a wave that timed out does not": (LATE, TimeOut(1, passes=False)),
    "a wave that timed out does when the plan goes on": (LATE | {"on_failure": "CONTINUE"}, TimeOut(1, passes=True)),
    "a wave that timed out does not before people are asked": (LATE | {"on_failure": "ASK"}, TimeOut(1, passes=False)),
    "a wave that timed out does not yet when the plan stops after it": (
        LATE | {"on_failure": "CONTINUE", "pause_after": True},
        TimeOut(1, passes=False),
    ),
    "a wave that timed out stays failed when its servers come late": (
        LAUNCHED | {"outcome": "FAILED"},
        Judge(1, "FAILED", passes=False),
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_the_end_of_a_wave_says_whether_others_may_follow(case):
    given, expected = ENDS[case]

    assert decisions.decide(wave(**given), facts(wave(**given))) == expected


EXECUTIONS = [
    (("LAUNCHED", "LAUNCHED"), False, "COMPLETED"),
    (("LAUNCHED", "LAUNCHED"), True, "COMPLETED"),
    (("LAUNCHED", "TERMINATED"), False, "COMPLETED"),
    (("LAUNCHED", "FAILED"), False, "PARTIAL"),
    (("LAUNCHED", "SKIPPED"), False, "PARTIAL"),
    (("LAUNCHED", "SKIPPED"), True, "PARTIAL"),
    (("FAILED", "SKIPPED"), False, "FAILED"),
    (("FAILED",), True, "CANCELLED"),
    (("SKIPPED",), True, "CANCELLED"),
    ((), False, "FAILED"),
]


@pytest.mark.parametrize(("members", "cancelled", "expected"), EXECUTIONS)
def test_an_execution_ends_as_its_servers_did(members, cancelled, expected):
    assert outcome.of_execution(servers(*members), cancelled=cancelled) == expected


CHECKS = [
    ("PASSED", "COMPLETED"),
    ("NOT_APPLICABLE", "COMPLETED"),
    ("FAILED", "PARTIAL"),
    ("UNKNOWN", "PARTIAL"),
    ("PENDING", "PARTIAL"),
]


@pytest.mark.parametrize(("check", "expected"), CHECKS)
def test_an_execution_with_a_server_that_is_not_well_is_partial(check, expected):
    launched = servers("LAUNCHED", "LAUNCHED")

    assert outcome.of_execution([launched[0], replace(launched[1], check=check)], cancelled=False) == expected
