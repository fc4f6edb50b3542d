"""Faults of jobs: other operators, jobs that never end or end late, servers and status checks left behind."""

import pytest

from drsorch.simulator.control import ControlError
from tests.simulator.callers import (
    EAST,
    HUB,
    LONG_ENOUGH,
    code,
    events,
    hub_client,
    instances,
    launch,
    start,
    statuses,
)


def launched(simulator, drs, ids):
    launch(simulator, drs, ids)
    return [entry["recoveryInstanceID"] for entry in instances(drs)]


def test_another_operator_can_be_first_to_start(simulator, drs, ids):
    simulator.fault(kind="foreign_job", operation="StartRecovery", times=1)

    assert code(start, drs, ids[:2], tags={"intent": "1"}) == "ConflictException"
    (job,) = simulator.jobs()
    assert (sorted(job["servers"]), job["tags"]) == (sorted(ids[:2]), {})


def test_another_operator_can_be_first_to_terminate(simulator, drs, ids):
    (machine,) = launched(simulator, drs, ids[:1])
    simulator.fault(kind="foreign_job", operation="TerminateRecoveryInstances", times=1)

    assert code(drs.terminate_recovery_instances, recoveryInstanceIDs=[machine]) == "ConflictException"
    simulator.advance(LONG_ENOUGH)
    assert instances(drs) == []


def test_a_termination_can_be_refused(simulator, drs, ids):
    (machine,) = launched(simulator, drs, ids[:1])
    simulator.fault(kind="conflict", operation="TerminateRecoveryInstances", times=1)

    assert code(drs.terminate_recovery_instances, recoveryInstanceIDs=[machine]) == "ConflictException"
    assert [job["type"] for job in simulator.jobs()] == ["LAUNCH"]


def test_another_operator_starts_a_job_whenever_told(simulator, drs, ids):
    job_id = simulator.start_job(HUB, EAST, ids[:1], is_drill=True)

    (job,) = drs.describe_jobs()["items"]
    assert (job["jobID"], job["initiatedBy"], job["tags"]) == (job_id, "START_DRILL", {"resourceArn": job["arn"]})
    assert code(start, drs, ids[:1]) == "ConflictException"
    with pytest.raises(ControlError, match="ConflictException: Source server"):
        simulator.start_job(HUB, EAST, ids[:1])


def test_a_job_of_another_operator_needs_a_server(simulator):
    with pytest.raises(ControlError, match="at least one source server"):
        simulator.start_job(HUB, EAST, [])


def test_tags_at_the_start_can_be_refused(simulator, drs, ids):
    simulator.fault(kind="tags_refused", operation="StartRecovery")

    assert code(start, drs, ids[:1], tags={"intent": "1"}) == "AccessDeniedException"
    assert start(drs, ids[:1])["status"] == "PENDING"


def test_a_job_can_fail_for_every_server_with_its_raw_error(simulator, drs, ids):
    simulator.fault(kind="launch_failure", at="LAUNCH", raw_error="No capacity today.", times=2)
    job = launch(simulator, drs, ids[:2])

    assert statuses(drs, job["jobID"]) == ("COMPLETED", ["FAILED", "FAILED"])
    log = drs.describe_job_log_items(jobID=job["jobID"])["items"]
    errors = [item["eventData"]["rawError"] for item in log if item["event"] == "LAUNCH_FAILED"]
    assert errors == ["No capacity today."] * 2


def test_a_stuck_job_never_ends_and_holds_its_servers(simulator, drs, ids):
    simulator.fault(kind="job_stuck", source_server_ids=ids[:1], times=1)
    job = start(drs, ids[:2])
    simulator.advance(24 * 3600)

    assert statuses(drs, job["jobID"]) == ("STARTED", ["IN_PROGRESS", "LAUNCHED"])
    assert "JOB_END" not in events(drs, job["jobID"])
    assert code(start, drs, ids[:1]) == "ConflictException"


def test_a_termination_can_be_stuck_as_well(simulator, drs, ids):
    (machine,) = launched(simulator, drs, ids[:1])
    simulator.fault(kind="job_stuck", operation="TerminateRecoveryInstances")
    job = drs.terminate_recovery_instances(recoveryInstanceIDs=[machine])["job"]
    simulator.advance(24 * 3600)

    assert statuses(drs, job["jobID"])[0] == "STARTED"
    assert [entry["recoveryInstanceID"] for entry in instances(drs)] == [machine]


def test_a_job_can_end_very_late(simulator, drs, ids):
    simulator.fault(kind="job_late", seconds=7200, times=1)
    job = start(drs, ids[:1])
    simulator.advance(7000)
    assert statuses(drs, job["jobID"]) == ("STARTED", ["PENDING"])
    simulator.advance(1000)

    assert statuses(drs, job["jobID"]) == ("COMPLETED", ["LAUNCHED"])


def test_a_completed_job_can_leave_servers_pending(simulator, drs, ids):
    simulator.fault(kind="servers_pending", source_server_ids=ids[1:2], times=1)
    job = launch(simulator, drs, ids[:2])

    assert statuses(drs, job["jobID"]) == ("COMPLETED", ["LAUNCHED", "PENDING"])
    assert len(instances(drs)) == 1
    assert start(drs, ids[1:2])["status"] == "PENDING"


def test_a_termination_can_be_invisible_for_a_while(simulator, drs, ids):
    (machine,) = launched(simulator, drs, ids[:1])
    simulator.fault(kind="job_invisible", operation="TerminateRecoveryInstances", seconds=10, times=1)
    job = drs.terminate_recovery_instances(recoveryInstanceIDs=[machine])["job"]

    assert job["jobID"] not in [entry["jobID"] for entry in drs.describe_jobs()["items"]]
    simulator.advance(10)
    assert job["jobID"] in [entry["jobID"] for entry in drs.describe_jobs()["items"]]


def checks(machine):
    (status,) = hub_client("ec2").describe_instance_status(InstanceIds=[machine])["InstanceStatuses"]
    return status["SystemStatus"]["Status"], status["InstanceStatus"]["Status"]


CHECKS = [
    ({"state": "impaired"}, ("impaired", "impaired")),
    ({"state": "impaired", "check": "system"}, ("impaired", "ok")),
    ({"state": "impaired", "check": "instance"}, ("ok", "impaired")),
    ({"state": "insufficient-data"}, ("insufficient-data", "insufficient-data")),
    ({"state": "initializing"}, ("initializing", "initializing")),
]


@pytest.mark.parametrize(("rule", "expected"), CHECKS, ids=str)
def test_status_checks_can_fail_for_good(simulator, drs, ids, rule, expected):
    simulator.fault(kind="status_checks", source_server_ids=ids[:1], **rule)
    launched(simulator, drs, ids[:2])
    simulator.advance(3600)
    bad, good = (
        next(entry["ec2InstanceID"] for entry in instances(drs) if entry["sourceServerID"] == server_id)
        for server_id in ids[:2]
    )

    assert checks(bad) == expected
    assert checks(good) == ("ok", "ok")


def test_status_checks_can_be_late(simulator, drs, ids):
    simulator.fault(kind="status_checks", state="initializing", seconds=1800)
    (machine,) = launched(simulator, drs, ids[:1])
    simulator.advance(1000)
    assert checks(machine) == ("initializing", "initializing")
    simulator.advance(1000)

    assert checks(machine) == ("ok", "ok")
