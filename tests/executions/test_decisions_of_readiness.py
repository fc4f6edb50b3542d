"""Readiness: what a survey says against launching a server, one table a question."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from executions.decisions.readiness import Allowed, Code, Severity, Wanted, findings, still_blocking, unknown
from executions.decisions.surveyed import NativeRun, Survey, SurveyedInstance, SurveyedJob, SurveyedServer
from protection.models.servers import ReplicationState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DB = Wanted("s-1", "db-1", rpo_minutes=15)
HEALTHY = SurveyedServer("s-1", "CONTINUOUS", 4, NOW - timedelta(minutes=1))
PROBLEM, UNKNOWN, WARNING = Severity.PROBLEM, Severity.UNKNOWN, Severity.WARNING


def surveyed(server=HEALTHY, **more):
    return Survey("222222222222", "us-east-1", NOW, servers=(server,) if server else (), **more)


def found(survey, wanted=DB, **more):
    """What is found, as pairs of code and severity."""
    return [(each.code, each.severity) for each in findings([wanted], survey, now=NOW, **more)]


def test_a_healthy_server_that_was_heard_lately_and_keeps_its_rpo_has_no_finding():
    assert found(surveyed()) == []


def test_a_server_that_drs_does_not_have_is_missing():
    assert found(surveyed(None)) == [(Code.MISSING, PROBLEM)]


NOT_LAUNCHABLE = {"STOPPED", "INITIATING", "INITIAL_SYNC", "PAUSED", "STALLED", "DISCONNECTED"}


@pytest.mark.parametrize("state", ReplicationState.values)
def test_every_replication_state_of_drs_is_judged(state):
    """Field bug j: lists of states that leave out real ones, and contain one that does not exist."""
    expected = {"BACKLOG": [(Code.REPLICATION, WARNING)], "RESCAN": [(Code.REPLICATION, WARNING)]}
    default = [(Code.REPLICATION, PROBLEM)] if state in NOT_LAUNCHABLE else []

    assert found(surveyed(replace(HEALTHY, state=state))) == expected.get(state, default)


@pytest.mark.parametrize(("state", "severity"), [("", UNKNOWN), ("BRAND_NEW_STATE", PROBLEM)])
def test_a_state_that_is_absent_or_new_is_not_taken_for_healthy(state, severity):
    assert found(surveyed(replace(HEALTHY, state=state))) == [(Code.REPLICATION, severity)]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(30, []), (31, [(Code.STALE, PROBLEM)]), (None, [(Code.STALE, UNKNOWN)])],
)
def test_how_long_ago_the_agent_was_heard_decides_whether_its_data_count(minutes, expected):
    seen = None if minutes is None else NOW - timedelta(minutes=minutes)

    assert found(surveyed(replace(HEALTHY, last_seen_at=seen))) == expected


@pytest.mark.parametrize(
    ("lag", "rpo", "expected"),
    [
        (900, 15, []),
        (901, 15, [(Code.RPO, PROBLEM)]),
        (None, 15, [(Code.RPO, UNKNOWN)]),
        (None, None, []),
        (90_000, None, []),
    ],
)
def test_the_lag_is_compared_with_the_rpo_of_the_group(lag, rpo, expected):
    assert found(surveyed(replace(HEALTHY, lag_seconds=lag)), replace(DB, rpo_minutes=rpo)) == expected


@pytest.mark.parametrize("kind", ["LAUNCH", "TERMINATE", "CREATE_CONVERTED_SNAPSHOT", ""])
def test_a_live_job_of_any_type_makes_its_servers_busy(kind):
    job = SurveyedJob("drsjob-1", kind, "START_DRILL", ("s-1", "s-9"))

    assert found(surveyed(live_jobs=(job,))) == [(Code.BUSY, PROBLEM)]


def test_a_job_of_this_execution_does_not_count_and_one_of_a_pre_empted_drill_is_waited_for():
    survey = surveyed(live_jobs=(SurveyedJob("drsjob-1", "LAUNCH", "START_DRILL", ("s-1",)),))

    assert found(survey, allowed=Allowed(own_jobs={"drsjob-1"})) == []
    assert found(survey, allowed=Allowed(awaited_jobs={"drsjob-1": "a drill"})) == [(Code.BUSY, WARNING)]


def test_a_running_recovery_plan_of_aws_is_named():
    run = NativeRun(
        "arn:aws:drs:us-east-1:222222222222:recovery-plan-execution/rpe-7", "p", "DRILL", "IN_PROGRESS", ("s-1",)
    )
    (finding,) = findings([DB], surveyed(native_runs=(run,)), now=NOW)

    assert (finding.code, finding.severity) == (Code.NATIVE_PLAN, PROBLEM)
    assert "db-1 is in execution rpe-7 of a recovery plan of AWS (drill)" in finding.sentence


def test_recovery_plans_of_aws_that_could_not_be_listed_are_unknown_once_for_the_place():
    found_ = findings([DB, Wanted("s-1", "again")], surveyed(native_error="Access denied."), now=NOW)

    assert [(each.code, each.severity) for each in found_] == [(Code.NATIVE_PLAN, UNKNOWN)]


@pytest.mark.parametrize(
    ("is_drill", "state", "expected"),
    [
        (True, "RUNNING", [(Code.DRILL_INSTANCE, WARNING)]),
        (False, "RUNNING", [(Code.LIVE_INSTANCE, PROBLEM)]),
        (False, "STOPPED", [(Code.LIVE_INSTANCE, PROBLEM)]),
        (False, "", [(Code.LIVE_INSTANCE, PROBLEM)]),
        (None, "RUNNING", [(Code.LIVE_INSTANCE, PROBLEM)]),
        (False, "TERMINATED", []),
        (False, "NOT_FOUND", []),
    ],
)
def test_only_the_instance_of_a_drill_is_replaced_without_a_consent_of_its_own(is_drill, state, expected):
    instance = SurveyedInstance("i-1", "s-1", "drsjob-1", is_drill, state)

    assert found(surveyed(instances=(instance,))) == expected


def test_a_real_instance_is_launched_over_by_consent_or_by_a_retry_of_the_same_execution():
    survey = surveyed(instances=(SurveyedInstance("i-1", "s-1", "drsjob-1", False, "RUNNING"),))

    assert found(survey, allowed=Allowed(launch_over={"s-1"})) == [(Code.LIVE_INSTANCE, WARNING)]
    assert found(survey, allowed=Allowed(own_jobs={"drsjob-1"})) == [(Code.LIVE_INSTANCE, WARNING)]
    assert found(survey, allowed=Allowed(launch_over={"s-2"})) == [(Code.LIVE_INSTANCE, PROBLEM)]


def test_what_was_let_pass_stays_let_pass_when_only_its_details_have_changed():
    before = findings([DB], surveyed(replace(HEALTHY, state="STALLED")), now=NOW)
    after = findings([DB], surveyed(replace(HEALTHY, state="DISCONNECTED")), now=NOW)
    kept = [each.to_json() for each in before]

    assert still_blocking(after, []) == after
    assert still_blocking(after, kept) == still_blocking(after, [after[0].sentence]) == []
    assert still_blocking(after, [before[0].key]) == []
    assert still_blocking(findings([DB], surveyed(None), now=NOW), kept) != []


def test_to_let_one_place_pass_says_nothing_of_another():
    here, there = unknown("us-east-1 of A", "time-out"), unknown("us-west-2 of A", "time-out")

    assert still_blocking([here, there], [here.to_json()]) == [there]


def test_a_survey_comes_back_from_json_as_it_was():
    survey = surveyed(
        live_jobs=(SurveyedJob("drsjob-1", "LAUNCH", "START_DRILL", ("s-1",)),),
        instances=(SurveyedInstance("i-1", "s-1", "drsjob-1", None, "RUNNING"),),
        native_runs=(NativeRun("arn", "plan", "DRILL", "CREATED", ("s-1",)),),
        native_error="no",
    )

    assert Survey.from_json(survey.to_json()) == survey
    assert survey.servers_in_jobs == 1
