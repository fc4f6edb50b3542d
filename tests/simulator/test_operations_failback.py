"""The way back: reversed replication, failback launches, and instances that are given up."""

import pytest

from drsorch.simulator.worlds.demo import FINANCE_ID
from tests.simulator.callers import (
    LONG_ENOUGH,
    client_of,
    code,
    events,
    hub_client,
    instances,
    launch,
    server_ids,
    source_server,
    statuses,
)

REPLICATED = 1200  # virtual seconds in which a reversed replication comes through
UNKNOWN = "i-0123456789abcdef0"


@pytest.fixture
def recovered(simulator, drs, first):
    """A recovery instance that is no drill."""
    launch(simulator, drs, [first])
    return instances(drs)[0]["recoveryInstanceID"]


def instance(drs, instance_id):
    (found,) = drs.describe_recovery_instances(filters={"recoveryInstanceIDs": [instance_id]})["items"]
    return found


def test_reversed_replication_makes_a_source_server_on_the_other_side(simulator, drs, recovered):
    arn = drs.reverse_replication(recoveryInstanceID=recovered)["reversedDirectionSourceServerArn"]
    there = source_server(drs, arn.rpartition("/")[2])
    here = source_server(drs, server_ids(simulator)[0])

    assert (there["arn"], there["replicationDirection"]) == (arn, "FAILBACK")
    assert there["dataReplicationInfo"]["dataReplicationState"] == "INITIATING"
    assert (there["reversedDirectionSourceServerArn"], here["reversedDirectionSourceServerArn"]) == (here["arn"], arn)


def test_a_reversed_instance_becomes_ready_step_by_step(simulator, drs, recovered):
    drs.reverse_replication(recoveryInstanceID=recovered)
    seen = []
    for _ in range(40):
        found = instance(drs, recovered)
        seen.append((found["dataReplicationInfo"]["dataReplicationState"], found["failback"]["state"]))
        simulator.advance(30)

    assert list(dict.fromkeys(seen)) == [
        ("INITIATING", "FAILBACK_NOT_READY_FOR_LAUNCH"),
        ("INITIAL_SYNC", "FAILBACK_NOT_READY_FOR_LAUNCH"),
        ("CREATING_SNAPSHOT", "FAILBACK_NOT_READY_FOR_LAUNCH"),
        ("CONTINUOUS", "FAILBACK_READY_FOR_LAUNCH"),
    ]


def test_a_failback_launch_is_a_job_and_completes_the_failback(simulator, drs, recovered):
    drs.reverse_replication(recoveryInstanceID=recovered)
    simulator.advance(REPLICATED)
    job = drs.start_failback_launch(recoveryInstanceIDs=[recovered], tags={"why": "home"})["job"]

    assert (job["type"], job["initiatedBy"], job["tags"]["why"]) == ("LAUNCH", "FAILBACK", "home")
    during = instance(drs, recovered)["failback"]
    assert (during["state"], during["failbackJobID"]) == ("FAILBACK_IN_PROGRESS", job["jobID"])
    assert code(drs.start_failback_launch, recoveryInstanceIDs=[recovered]) == "ConflictException"
    simulator.advance(LONG_ENOUGH)
    assert statuses(drs, job["jobID"]) == ("COMPLETED", ["LAUNCHED"])
    assert instance(drs, recovered)["failback"]["state"] == "FAILBACK_COMPLETED"
    assert events(drs, job["jobID"]) == ["JOB_START", "CONVERSION_START", "CONVERSION_END", "LAUNCH_START", "JOB_END"]
    assert instance(drs, recovered)["recoveryInstanceID"] == recovered


def test_a_failback_launch_needs_a_replicated_instance_that_exists(drs, recovered):
    assert code(drs.start_failback_launch, recoveryInstanceIDs=[recovered]) == "ConflictException"
    assert code(drs.start_failback_launch, recoveryInstanceIDs=[UNKNOWN]) == "ConflictException"
    assert code(drs.start_failback_launch, recoveryInstanceIDs=[recovered] * 2) == "ValidationException"


def test_an_instance_that_fails_back_cannot_be_terminated_until_it_is_home_or_stopped(simulator, drs, recovered):
    drs.reverse_replication(recoveryInstanceID=recovered)

    assert code(drs.terminate_recovery_instances, recoveryInstanceIDs=[recovered]) == "ConflictException"
    drs.stop_failback(recoveryInstanceID=recovered)
    assert instance(drs, recovered)["failback"]["state"] == "FAILBACK_NOT_STARTED"
    drs.terminate_recovery_instances(recoveryInstanceIDs=[recovered])


def test_a_stopped_failback_stops_replication_on_the_other_side(simulator, drs, recovered):
    arn = drs.reverse_replication(recoveryInstanceID=recovered)["reversedDirectionSourceServerArn"]
    drs.stop_failback(recoveryInstanceID=recovered)

    there = source_server(drs, arn.rpartition("/")[2])
    assert there["dataReplicationInfo"]["dataReplicationState"] == "STOPPED"
    assert drs.reverse_replication(recoveryInstanceID=recovered)["reversedDirectionSourceServerArn"] == arn


def test_a_drill_instance_cannot_be_reversed(simulator, drs):
    launch(simulator, drs, server_ids(simulator)[:1], isDrill=True)
    drill = instances(drs)[0]

    assert drill["failback"]["state"] == "FAILBACK_NOT_STARTED"
    assert code(drs.reverse_replication, recoveryInstanceID=drill["recoveryInstanceID"]) == "ConflictException"


def test_an_instance_is_reversed_once_and_only_while_it_runs(drs, recovered):
    hub_client("ec2").stop_instances(InstanceIds=[recovered])
    assert code(drs.reverse_replication, recoveryInstanceID=recovered) == "ConflictException"
    hub_client("ec2").start_instances(InstanceIds=[recovered])
    drs.reverse_replication(recoveryInstanceID=recovered)
    assert code(drs.reverse_replication, recoveryInstanceID=recovered) == "ConflictException"


@pytest.mark.parametrize("name", ["reverse_replication", "stop_failback", "disconnect_recovery_instance"])
def test_an_unknown_instance_is_not_found_by(drs, name):
    assert code(getattr(drs, name), recoveryInstanceID=UNKNOWN) == "ResourceNotFoundException"


def test_an_instance_is_disconnected_before_it_is_deleted_and_its_machine_goes_on(simulator, drs, recovered):
    assert code(drs.delete_recovery_instance, recoveryInstanceID=recovered) == "ConflictException"
    drs.disconnect_recovery_instance(recoveryInstanceID=recovered)
    assert instance(drs, recovered)["dataReplicationInfo"]["dataReplicationState"] == "DISCONNECTED"
    assert code(drs.disconnect_recovery_instance, recoveryInstanceID=recovered) == "ConflictException"
    drs.delete_recovery_instance(recoveryInstanceID=recovered)

    assert instances(drs) == []
    assert "recoveryInstanceId" not in source_server(drs, server_ids(simulator)[0])
    assert code(drs.delete_recovery_instance, recoveryInstanceID=recovered) == "ConflictException"
    (reservation,) = hub_client("ec2").describe_instances()["Reservations"]
    assert reservation["Instances"][0]["State"]["Name"] == "running"


def test_servers_go_home_to_their_origin_region_and_are_protected_again(simulator):
    simulator.reset("demo")
    here = client_of(simulator, FINANCE_ID, region="us-east-1")
    home = client_of(simulator, FINANCE_ID, region="us-east-2")
    (first, *_) = server_ids(simulator, FINANCE_ID, "us-east-1")
    assert home.describe_source_servers()["items"] == []
    launch(simulator, here, [first])
    arn = here.reverse_replication(recoveryInstanceID=instances(here)[0]["recoveryInstanceID"])
    (reversed_server,) = home.describe_source_servers()["items"]
    assert reversed_server["arn"] == arn["reversedDirectionSourceServerArn"]
    assert reversed_server["sourceCloudProperties"]["originRegion"] == "us-east-1"
    simulator.advance(REPLICATED)
    launch(simulator, home, [reversed_server["sourceServerID"]])

    again = home.reverse_replication(recoveryInstanceID=instances(home)[0]["recoveryInstanceID"])
    assert again["reversedDirectionSourceServerArn"].endswith(first)
    assert source_server(here, first)["replicationDirection"] == "FAILOVER"
    assert source_server(here, first)["dataReplicationInfo"]["dataReplicationState"] == "INITIATING"


def test_the_way_back_needs_drs_in_the_origin_region(simulator):
    simulator.reset("demo")
    drs = hub_client("drs")
    launch(simulator, drs, server_ids(simulator)[:1])
    instance_id = instances(drs)[0]["recoveryInstanceID"]

    assert code(drs.reverse_replication, recoveryInstanceID=instance_id) == "UninitializedAccountException"
    hub_client("drs", "us-east-2").initialize_service()
    drs.reverse_replication(recoveryInstanceID=instance_id)
