"""Answers that come late, incomplete, or with what botocore's model does not know."""

import pytest

from tests.simulator.callers import (
    events,
    instances,
    launch,
    refusal,
    signed_call,
    start,
    statuses,
)


@pytest.fixture
def ended(simulator, drs, ids):
    """A launch job of two servers that has just ended."""
    job = start(drs, ids[:2])
    while statuses(drs, job["jobID"])[0] != "COMPLETED":
        simulator.advance(5)
    return job["jobID"]


def test_a_completed_job_can_look_as_if_it_still_ran(simulator, drs, ended):
    simulator.fault(kind="stale_status", seconds=30)
    (job,) = drs.describe_jobs()["items"]
    assert (job["status"], "endDateTime" in job) == ("STARTED", False)
    simulator.advance(60)

    assert statuses(drs, ended)[0] == "COMPLETED"


def test_a_completed_job_can_have_forgotten_its_servers(simulator, drs, ids, ended):
    running = start(drs, ids[2:3])
    simulator.fault(kind="participants_empty")

    assert statuses(drs, ended) == ("COMPLETED", [])
    assert statuses(drs, running["jobID"])[1] == ["PENDING"]


def test_recovery_instances_can_come_late(simulator, drs, ended):
    simulator.fault(kind="instance_late", seconds=120)
    assert instances(drs) == []
    simulator.advance(180)

    assert len(instances(drs)) == 2


def test_recovery_instances_can_be_absent(simulator, drs, ended):
    simulator.fault(kind="instance_late")
    simulator.advance(24 * 3600)

    assert instances(drs) == []


def test_jobs_can_name_their_instances(simulator, drs, ended):
    simulator.fault(kind="instance_ids_in_jobs")
    (job,) = drs.describe_jobs()["items"]

    named = {server["sourceServerID"]: server["recoveryInstanceID"] for server in job["participatingServers"]}
    assert named == {entry["sourceServerID"]: entry["recoveryInstanceID"] for entry in instances(drs)}


def test_lag_can_grow(simulator, drs, ids):
    simulator.fault(kind="lag_growth", per_second=2, source_server_ids=ids[:1])
    simulator.advance(3600)
    first, second, *_ = drs.describe_source_servers()["items"]

    assert first["dataReplicationInfo"]["lagDuration"] == "P0DT2H0M0S"
    assert second["dataReplicationInfo"]["lagDuration"] != "P0DT2H0M0S"


def test_log_items_can_come_twice(simulator, drs, ended):
    once = events(drs, ended)
    simulator.fault(kind="items_duplicated", operation="DescribeJobLogItems")

    assert events(drs, ended) == [event for event in once for _ in range(2)]


def test_log_items_can_come_in_any_order(simulator, drs, ended):
    once = events(drs, ended)
    simulator.fault(kind="items_reordered", operation="DescribeJobLogItems")

    assert events(drs, ended) != once
    assert sorted(events(drs, ended)) == sorted(once)


def test_two_items_are_turned_round(simulator, drs, ids):
    jobs = [start(drs, [server_id])["jobID"] for server_id in ids[:2]]
    simulator.fault(kind="items_reordered", operation="DescribeJobs")

    assert [job["jobID"] for job in drs.describe_jobs()["items"]] == jobs


def test_a_page_token_can_expire(simulator, drs):
    token = drs.describe_source_servers(maxResults=2)["nextToken"]
    simulator.fault(kind="page_token_expired", times=1)

    assert drs.describe_source_servers(maxResults=2)["items"]
    refused = refusal(drs.describe_source_servers, maxResults=2, nextToken=token)
    assert (refused["Error"]["Code"], refused["fieldList"][0]["name"]) == ("ValidationException", "nextToken")
    assert drs.describe_source_servers(maxResults=2, nextToken=token)["items"]


def test_an_enum_can_have_a_value_of_tomorrow(simulator, drs, ended):
    simulator.fault(kind="enum_unknown", member="launchStatus", value="HIBERNATED")

    assert statuses(drs, ended) == ("COMPLETED", ["HIBERNATED", "HIBERNATED"])


def test_an_answer_can_have_a_member_of_tomorrow(simulator, drs, ended):
    simulator.fault(kind="member_unknown", member="usageOperationData", value="x")

    status, _, answer = signed_call(simulator, "/DescribeJobs")
    assert (status, answer["items"][0]["usageOperationData"]) == (200, {"value": "x"})
    assert "usageOperationData" not in drs.describe_jobs()["items"][0]  # botocore drops what it does not know
    assert statuses(drs, ended)[0] == "COMPLETED"


@pytest.mark.parametrize("member", ["participatingServers", "status", "tags", "creationDateTime"])
def test_a_member_can_be_missing(simulator, drs, ended, member):
    assert member in drs.describe_jobs()["items"][0]
    simulator.fault(kind="member_missing", member=member)

    assert member not in drs.describe_jobs()["items"][0]


def test_timestamps_come_in_both_forms(simulator, drs, ended):
    assert drs.describe_jobs()["items"][0]["endDateTime"].endswith("+00:00")
    simulator.fault(kind="timestamps")
    written = drs.describe_jobs()["items"][0]["endDateTime"]

    assert (len(written), written[-1]) == (24, "Z")


def test_tags_are_no_members_that_a_fault_may_touch(simulator, drs, ids):
    start(drs, ids[:1], tags={"status": "mine"})
    simulator.fault(kind="enum_unknown", member="status")

    (job,) = drs.describe_jobs()["items"]
    assert (job["status"], job["tags"]["status"]) == ("SOMETHING_NEW", "mine")


def test_several_faults_spoil_one_answer(simulator, drs, ids):
    launch(simulator, drs, ids[:1])
    simulator.fault(kind="timestamps")
    simulator.fault(kind="member_missing", member="tags")
    (job,) = drs.describe_jobs()["items"]

    assert ("tags" in job, job["creationDateTime"][-1]) == (False, "Z")
