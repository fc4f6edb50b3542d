"""What happens to servers and instances behind the caller's back, by a rule before a call or at once."""

import pytest

from drsorch.simulator.control import ControlError
from tests.simulator.callers import (
    EAST,
    HUB,
    code,
    hub_client,
    instances,
    launch,
    start,
)


def states(drs):
    return [entry["dataReplicationInfo"]["dataReplicationState"] for entry in drs.describe_source_servers()["items"]]


@pytest.mark.parametrize("state", ["STALLED", "DISCONNECTED", "RESCAN", "BACKLOG", "PAUSED"])
def test_replication_can_break_before_a_call(simulator, drs, ids, state):
    simulator.fault(kind="replication", operation="DescribeSourceServers", state=state, source_server_ids=ids[:1])

    assert states(drs)[:2] == [state, "CONTINUOUS"]


def test_replication_breaks_and_heals_whenever_told(simulator, drs, ids):
    simulator.happen("replication", HUB, EAST, state="DISCONNECTED")
    assert set(states(drs)) == {"DISCONNECTED"}
    assert "lagDuration" not in drs.describe_source_servers()["items"][0]["dataReplicationInfo"]

    simulator.happen("replication", HUB, EAST, state="CONTINUOUS")
    assert set(states(drs)) == {"CONTINUOUS"}


def test_lag_can_be_set(simulator, drs, ids):
    simulator.happen("replication", HUB, EAST, state="CONTINUOUS", lag_seconds=7200, source_server_ids=ids[:1])

    lag = drs.describe_source_servers()["items"][0]["dataReplicationInfo"]["lagDuration"]
    assert int(lag.partition("T")[2].partition("H")[0]) >= 1


def test_a_server_can_be_deleted_just_before_its_launch(simulator, drs, ids):
    simulator.fault(kind="server_deleted", operation="StartRecovery", source_server_ids=ids[:1], times=1)

    assert code(start, drs, ids[:2]) == "ResourceNotFoundException"
    assert [entry["sourceServerID"] for entry in drs.describe_source_servers()["items"]] == ids[1:]
    assert simulator.jobs() == []


def test_a_server_in_a_job_or_with_an_instance_is_not_deleted(simulator, drs, ids):
    launch(simulator, drs, ids[:1])
    start(drs, ids[1:2])
    left = simulator.happen("server_deleted", HUB, EAST)

    assert left["source_server_ids"] == ids[:2]


def test_tags_can_change_in_the_middle(simulator, drs, ids):
    simulator.fault(
        kind="tags_changed", source_server_ids=ids[:1], tags={"Tier": None, "Application": "Moved"}, times=1
    )
    first, second, *_ = drs.describe_source_servers()["items"]

    assert (first["tags"].get("Tier"), first["tags"]["Application"]) == (None, "Moved")
    assert second["tags"]["Application"] == "Minimal"


@pytest.mark.parametrize(("kind", "state"), [("instance_stopped", "STOPPED"), ("instance_terminated", "TERMINATED")])
def test_an_instance_can_be_lost_behind_our_back(simulator, drs, ids, kind, state):
    launch(simulator, drs, ids[:2])
    simulator.fault(kind=kind, service="ec2", operation="DescribeInstanceStatus", source_server_ids=ids[:1], times=1)
    hub_client("ec2").describe_instance_status()

    found = {entry["sourceServerID"]: entry["ec2InstanceState"] for entry in instances(drs)}
    assert found == {ids[0]: state, ids[1]: "RUNNING"}


def test_only_what_can_happen_by_itself_happens_at_once(simulator):
    with pytest.raises(ControlError, match="A throttle fault does not happen by itself"):
        simulator.happen("throttle", HUB, EAST)
    with pytest.raises(ControlError, match="There is no account 999999999999 with a Region us-east-1 here"):
        simulator.happen("server_deleted", "999999999999", EAST)
