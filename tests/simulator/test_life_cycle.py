"""Jobs from the call to the instance: order, statuses, omissions, conflicts, quotas, termination."""

import pytest

from drsorch.simulator.jobs import CHECKS_PASS_AFTER
from tests.simulator.callers import (
    EAST,
    HUB,
    LONG_ENOUGH,
    TARGET,
    WEST,
    code,
    events,
    hub_client,
    instances,
    job_of,
    launch,
    refusal,
    server_ids,
    source_server,
    start,
    statuses,
    target_client,
)

HEALTHY_LAUNCH = [
    "SNAPSHOT_START",
    "SNAPSHOT_END",
    "CONVERSION_START",
    "CONVERSION_END",
    "LAUNCH_START",
]


def instance_of(drs, server_id):
    (found,) = drs.describe_recovery_instances(filters={"sourceServerIDs": [server_id]})["items"]
    return found


def machines(ec2):
    found = [entry for reservation in ec2.describe_instances()["Reservations"] for entry in reservation["Instances"]]
    return {machine["InstanceId"]: machine["State"]["Name"] for machine in found}


def test_a_new_job_is_pending_and_shows_what_was_asked(drs, ids):
    job = start(drs, ids[:2], isDrill=True, tags={"drsorch:intent": "42"})

    assert (job["status"], job["type"], job["initiatedBy"]) == ("PENDING", "LAUNCH", "START_DRILL")
    assert [entry["sourceServerID"] for entry in job["participatingServers"]] == ids[:2]
    assert job["tags"] == {"drsorch:intent": "42", "resourceArn": job["arn"]}
    assert "endDateTime" not in job
    assert drs.describe_jobs()["items"][0]["jobID"] == job["jobID"]


def test_a_recovery_that_is_no_drill_says_so(simulator, drs, ids):
    job = launch(simulator, drs, ids[:1])

    (instance,) = instances(drs)
    assert job["initiatedBy"] == "START_RECOVERY"
    assert (instance["isDrill"], instance["failback"]["state"]) == (False, "FAILBACK_NOT_READY_FOR_LAUNCH")


def test_frozen_time_changes_nothing(drs, ids):
    job = start(drs, ids[:1])

    assert statuses(drs, job["jobID"]) == ("PENDING", ["PENDING"])
    assert events(drs, job["jobID"]) == []


def test_a_server_stays_pending_until_its_launch_starts(simulator, drs, ids):
    job = start(drs, ids[:1])
    seen = []
    for _ in range(30):
        simulator.advance(20)
        seen.append(statuses(drs, job["jobID"]))

    ordered = list(dict.fromkeys((status, launch[0]) for status, launch in seen))
    assert ordered == [("STARTED", "PENDING"), ("STARTED", "IN_PROGRESS"), ("COMPLETED", "LAUNCHED")]
    assert seen.index(("STARTED", ["IN_PROGRESS"])) * 20 >= 300


def test_the_log_has_the_order_of_real_jobs_and_no_launch_end(simulator, drs, ids):
    job = launch(simulator, drs, ids[:3])

    whole = events(drs, job["jobID"])
    assert (whole[0], whole[-1]) == ("JOB_START", "JOB_END")
    for server_id in ids[:3]:
        assert events(drs, job["jobID"], server_id) == HEALTHY_LAUNCH


def test_log_times_never_go_back(simulator, drs, ids):
    job = launch(simulator, drs, ids)

    times = [item["logDateTime"] for item in drs.describe_job_log_items(jobID=job["jobID"])["items"]]
    assert times == sorted(times)
    assert all(moment.endswith("+00:00") and len(moment) == 32 for moment in times)


def test_a_finished_job_names_no_recovery_instance(simulator, drs, ids):
    job = launch(simulator, drs, ids[:1])

    (server,) = job_of(drs, job["jobID"])["participatingServers"]
    assert set(server) == {"sourceServerID", "launchStatus", "launchActionsStatus"}


def test_a_launch_makes_a_real_instance_in_the_right_account_and_region_only(simulator):
    target = target_client("drs", WEST)
    (first, *_) = server_ids(simulator, TARGET, WEST)
    launch(simulator, target, [first], isDrill=True)

    (instance,) = instances(target)
    assert machines(target_client("ec2", WEST)) == {instance["ec2InstanceID"]: "running"}
    assert machines(target_client("ec2", EAST)) == {}
    assert machines(hub_client("ec2", WEST)) == {}


def test_the_instance_is_shaped_and_tagged_like_its_source(simulator, drs, ids):
    launch(simulator, drs, ids[:1])

    (reservation,) = hub_client("ec2").describe_instances()["Reservations"]
    machine = reservation["Instances"][0]
    tags = {tag["Key"]: tag["Value"] for tag in machine["Tags"]}
    assert machine["InstanceType"] == "m5.large"
    assert tags["Name"] == "hub-use1-db-1"
    assert tags["AWSElasticDisasterRecoverySourceServerID"] == ids[0]
    assert tags["AWSElasticDisasterRecoveryManaged"] == "drs.amazonaws.com"


def test_ec2_alone_sees_the_instance_when_nobody_asks_drs(simulator, drs, ids):
    launch(simulator, drs, ids[:1])

    assert list(machines(hub_client("ec2")).values()) == ["running"]


def test_the_source_server_remembers_its_last_launch(simulator, drs, ids):
    job = start(drs, ids[:1], isDrill=True)
    before = source_server(drs, ids[0])
    simulator.advance(LONG_ENOUGH)
    after = source_server(drs, ids[0])

    assert before["lifeCycle"]["lastLaunch"]["initiated"]["jobID"] == job["jobID"]
    assert (before["lastLaunchResult"], after["lastLaunchResult"]) == ("PENDING", "SUCCEEDED")
    assert after["lifeCycle"]["lastLaunch"]["initiated"]["type"] == "DRILL"
    assert after["recoveryInstanceId"] == instances(drs)[0]["recoveryInstanceID"]


def test_a_server_in_a_live_job_cannot_join_another_and_no_part_of_the_call_counts(simulator, drs, ids):
    start(drs, ids[:1])

    answer = refusal(start, drs, ids[:2])
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("ConflictException", 409)
    assert answer["resourceId"] == ids[0]
    assert len(simulator.jobs()) == 1
    start(drs, ids[1:2])


def test_a_server_is_free_again_when_its_job_has_ended(simulator, drs, ids):
    launch(simulator, drs, ids[:1])

    assert start(drs, ids[:1])["status"] == "PENDING"


def test_a_relaunch_cleans_up_and_replaces_the_earlier_instance(simulator, drs, ids):
    launch(simulator, drs, ids[:2])
    first, kept = instance_of(drs, ids[0]), instance_of(drs, ids[1])
    job = launch(simulator, drs, ids[:1])

    assert events(drs, job["jobID"], ids[0])[:2] == ["CLEANUP_START", "CLEANUP_END"]
    assert machines(hub_client("ec2"))[first["ec2InstanceID"]] == "terminated"
    present = {instance["recoveryInstanceID"] for instance in instances(drs)}
    assert kept["recoveryInstanceID"] in present
    assert first["recoveryInstanceID"] not in present
    assert len(present) == 2


STAGES = [
    ("SNAPSHOT", ["SNAPSHOT_START", "SNAPSHOT_FAIL", "USING_PREVIOUS_SNAPSHOT_FAILED"]),
    ("CONVERSION", ["SNAPSHOT_START", "SNAPSHOT_END", "CONVERSION_START", "CONVERSION_FAIL"]),
    ("LAUNCH", [*HEALTHY_LAUNCH, "LAUNCH_FAILED"]),
]


@pytest.mark.parametrize(("stage", "expected"), STAGES, ids=[case[0] for case in STAGES])
def test_a_chosen_server_fails_and_the_job_completes_all_the_same(simulator, drs, ids, stage, expected):
    simulator.fail_server(HUB, EAST, ids[0], at=stage)
    job = launch(simulator, drs, ids[:2])

    assert statuses(drs, job["jobID"]) == ("COMPLETED", ["FAILED", "LAUNCHED"])
    assert events(drs, job["jobID"], ids[0]) == expected
    log = drs.describe_job_log_items(jobID=job["jobID"])["items"]
    assert all(item["eventData"]["rawError"] for item in log if item["event"] == expected[-1])
    assert [entry["sourceServerID"] for entry in instances(drs)] == [ids[1]]
    server = source_server(drs, ids[0])
    assert server["lastLaunchResult"] == "FAILED"


def test_a_failure_is_used_up(simulator, drs, ids):
    simulator.fail_server(HUB, EAST, ids[0], times=1)
    for expected in ("FAILED", "LAUNCHED"):
        job = launch(simulator, drs, ids[:1])
        assert statuses(drs, job["jobID"]) == ("COMPLETED", [expected])


def test_termination_ends_the_machine_and_the_recovery_instance_vanishes(simulator, drs, ids):
    launch(simulator, drs, ids[:2])
    doomed = instance_of(drs, ids[0])["recoveryInstanceID"]
    job = drs.terminate_recovery_instances(recoveryInstanceIDs=[doomed])["job"]

    assert (job["type"], job["initiatedBy"]) == ("TERMINATE", "TERMINATE_RECOVERY_INSTANCES")
    assert doomed in [entry["recoveryInstanceID"] for entry in instances(drs)]
    simulator.advance(60)
    assert statuses(drs, job["jobID"]) == ("COMPLETED", ["TERMINATED"])
    assert doomed not in [entry["recoveryInstanceID"] for entry in instances(drs)]
    assert sorted(machines(hub_client("ec2")).values()) == ["running", "terminated"]
    server = source_server(drs, ids[0])
    assert "recoveryInstanceId" not in server


def test_terminating_twice_conflicts(simulator, drs, ids):
    launch(simulator, drs, ids[:1])
    doomed = [instances(drs)[0]["recoveryInstanceID"]]
    drs.terminate_recovery_instances(recoveryInstanceIDs=doomed)

    assert code(drs.terminate_recovery_instances, recoveryInstanceIDs=doomed) == "ConflictException"
    simulator.advance(60)
    assert code(drs.terminate_recovery_instances, recoveryInstanceIDs=doomed) == "ConflictException"


def test_a_machine_with_termination_protection_survives_and_the_log_says_why(simulator, drs, ids):
    launch(simulator, drs, ids[:1])
    machine = instances(drs)[0]["ec2InstanceID"]
    hub_client("ec2").modify_instance_attribute(InstanceId=machine, DisableApiTermination={"Value": True})
    job = drs.terminate_recovery_instances(recoveryInstanceIDs=[machine])["job"]
    simulator.advance(60)

    assert statuses(drs, job["jobID"]) == ("COMPLETED", ["FAILED"])
    assert "CLEANUP_FAIL" in events(drs, job["jobID"])
    assert [entry["recoveryInstanceID"] for entry in instances(drs)] == [machine]


def test_a_machine_stopped_behind_our_back_is_seen_stopped(simulator, drs, ids):
    launch(simulator, drs, ids[:1])
    hub_client("ec2").stop_instances(InstanceIds=[instances(drs)[0]["ec2InstanceID"]])

    assert instances(drs)[0]["ec2InstanceState"] == "STOPPED"


def test_accelerated_time_finishes_a_drill_in_seconds(simulator, drs, ids):
    simulator.clock(speed=5000)
    job = start(drs, ids)
    for _ in range(10_000):
        if statuses(drs, job["jobID"])[0] == "COMPLETED":
            break

    assert statuses(drs, job["jobID"]) == ("COMPLETED", ["LAUNCHED"] * 6)


def test_the_clock_hurries_only_while_a_job_is_running(simulator, drs, ids):
    simulator.clock(speed=100_000)
    idle = simulator.health()["now"]
    drs.describe_jobs()
    assert simulator.health()["now"] - idle < 60

    job = start(drs, ids[:1])
    while statuses(drs, job["jobID"])[0] != "COMPLETED":
        pass
    assert simulator.health()["now"] - idle > 400
    simulator.advance(CHECKS_PASS_AFTER)  # which go on a little after the job
    ended = simulator.health()["now"]
    assert simulator.health()["now"] - ended < 60


def test_job_ids_are_not_used_again_after_a_reset(simulator, drs, ids):
    before = start(drs, ids[:1])["jobID"]
    simulator.reset()

    assert start(drs, ids[:1])["jobID"] != before
