"""Replication of source servers: stop, start, retry, disconnect, and its configuration."""

import pytest

from drsorch.simulator.model import SERVICE
from tests.simulator.callers import (
    EAST,
    HUB,
    code,
    events,
    launch,
    source_server,
    start,
)

UNKNOWN = "s-" + "0" * 17
CALLS = [
    "disconnect_source_server",
    "get_replication_configuration",
    "retry_data_replication",
    "start_replication",
    "stop_replication",
    "update_replication_configuration",
]


def replication(drs, server_id):
    return source_server(drs, server_id)["dataReplicationInfo"]


@pytest.mark.parametrize("name", CALLS)
def test_an_unknown_server_is_not_found_by(drs, name):
    assert code(getattr(drs, name), sourceServerID=UNKNOWN) == "ResourceNotFoundException"


def test_a_stopped_server_is_unprotected_and_loses_its_snapshots(simulator, drs, first):
    answer = drs.stop_replication(sourceServerID=first)["sourceServer"]

    assert answer["dataReplicationInfo"]["dataReplicationState"] == "STOPPED"
    assert drs.describe_recovery_snapshots(sourceServerID=first)["items"] == []
    job = launch(simulator, drs, [first])
    assert events(drs, job["jobID"], first)[-1] == "USING_PREVIOUS_SNAPSHOT_FAILED"


def test_replication_that_starts_again_goes_through_all_its_states(simulator, drs, first):
    drs.stop_replication(sourceServerID=first)
    drs.start_replication(sourceServerID=first)
    seen = []
    for _ in range(40):
        info = replication(drs, first)
        seen.append(info["dataReplicationState"])
        if seen[-1] == "INITIATING":
            assert {step["status"] for step in info["dataReplicationInitiation"]["steps"]} == {
                "SUCCEEDED",
                "IN_PROGRESS",
                "NOT_STARTED",
            }
        if seen[-1] == "INITIAL_SYNC":
            assert (
                info["replicatedDisks"][0]["replicatedStorageBytes"] < info["replicatedDisks"][0]["totalStorageBytes"]
            )
            assert "etaDateTime" in info
        simulator.advance(60)

    assert list(dict.fromkeys(seen)) == ["INITIATING", "INITIAL_SYNC", "CREATING_SNAPSHOT", "CONTINUOUS"]
    assert drs.describe_recovery_snapshots(sourceServerID=first)["items"]


def test_only_a_stopped_server_can_be_started_and_only_a_running_one_stopped(drs, first):
    assert code(drs.start_replication, sourceServerID=first) == "ConflictException"
    drs.stop_replication(sourceServerID=first)
    assert code(drs.stop_replication, sourceServerID=first) == "ConflictException"


def test_a_server_in_a_job_cannot_be_stopped_or_disconnected(drs, first):
    start(drs, [first])

    assert code(drs.stop_replication, sourceServerID=first) == "ConflictException"
    assert code(drs.disconnect_source_server, sourceServerID=first) == "ConflictException"


def test_a_disconnected_server_has_no_lag_and_no_storage(drs, first):
    info = drs.disconnect_source_server(sourceServerID=first)["dataReplicationInfo"]

    assert info["dataReplicationState"] == "DISCONNECTED"
    assert "lagDuration" not in info
    assert [disk["totalStorageBytes"] for disk in info["replicatedDisks"]] == [0]


def test_a_server_with_a_recovery_instance_cannot_be_disconnected(simulator, drs, first):
    launch(simulator, drs, [first])

    assert code(drs.disconnect_source_server, sourceServerID=first) == "ConflictException"


def test_a_retry_begins_anew_but_not_while_all_is_well(drs, first):
    assert code(drs.retry_data_replication, sourceServerID=first) == "ValidationException"
    drs.disconnect_source_server(sourceServerID=first)
    info = drs.retry_data_replication(sourceServerID=first)["dataReplicationInfo"]

    assert info["dataReplicationState"] == "INITIATING"


def test_a_replication_configuration_has_every_member_and_can_be_changed(drs, first):
    before = drs.get_replication_configuration(sourceServerID=first)
    disk = {"deviceName": before["replicatedDisks"][0]["deviceName"], "stagingDiskType": "ST1"}
    policy = [
        {"ruleID": 1, "units": "MINUTE", "interval": 10, "retentionDuration": 60, "enabled": True},
        {"ruleID": 2, "units": "HOUR", "interval": 1, "retentionDuration": 24, "enabled": False},
        {"ruleID": 3, "units": "DAY", "interval": 1, "retentionDuration": 3, "enabled": False},
    ]
    drs.update_replication_configuration(
        sourceServerID=first, createPublicIP=True, replicatedDisks=[disk], pitPolicy=policy
    )
    after = drs.get_replication_configuration(sourceServerID=first)

    assert set(SERVICE.shape_for("ReplicationConfiguration").members) <= set(before)
    assert (after["createPublicIP"], after["stagingAreaSubnetId"]) == (True, before["stagingAreaSubnetId"])
    assert after["replicatedDisks"][0] == before["replicatedDisks"][0] | disk
    assert 6 <= len(drs.describe_recovery_snapshots(sourceServerID=first)["items"]) <= 7


WRONG_CHANGES = [
    ("names a disk that the server does not have", {"replicatedDisks": [{"deviceName": "/dev/none"}]}),
    ("wants a key of its own and names none", {"ebsEncryption": "CUSTOM"}),
]


@pytest.mark.parametrize(("why", "change"), WRONG_CHANGES, ids=[case[0] for case in WRONG_CHANGES])
def test_a_replication_configuration_is_refused_that(drs, first, why, change):
    assert code(drs.update_replication_configuration, sourceServerID=first, **change) == "ValidationException"


def test_replication_that_has_just_begun_can_break_at_once(simulator, drs, first):
    drs.stop_replication(sourceServerID=first)
    drs.start_replication(sourceServerID=first)
    simulator.happen("replication", HUB, EAST, source_server_ids=[first], state="STALLED")

    assert replication(drs, first)["dataReplicationState"] == "STALLED"
