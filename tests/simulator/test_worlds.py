"""The worlds: what is in them, that it stays the same, and that it looks alive."""

import re

import pytest

from drsorch.simulator.checks import check_output
from drsorch.simulator.model import SERVICE
from drsorch.simulator.worlds import WORLDS, build_world
from drsorch.simulator.worlds.demo import FINANCE_ID, INSURANCE_ID
from drsorch.simulator.worlds.description import ServerDescription
from tests.simulator.callers import (
    EAST,
    HUB,
    TARGET,
    client_of,
    hub_client,
    launch,
    server_ids,
    start,
    statuses,
)

DURATION = re.compile(r"P0D|P\d+DT\d+H\d+M\d+(\.\d)?S")


def test_minimal_has_six_healthy_servers_in_each_of_four_places(simulator):
    for account in simulator.world()["accounts"]:
        assert sorted(account["servers"]) == ["us-east-1", "us-west-2"]
        for servers in account["servers"].values():
            assert [server["replication"] for server in servers] == ["CONTINUOUS"] * 6
    assert simulator.world()["accounts"][1]["servers"][EAST][0]["hostname"] == "target-use1-db-1"


def test_a_world_has_the_same_ids_at_every_start(simulator):
    before = {place: server_ids(simulator, *place) for place in [(HUB, EAST), (TARGET, EAST)]}
    simulator.reset()

    assert {place: server_ids(simulator, *place) for place in before} == before
    assert len({server for servers in before.values() for server in servers}) == 12


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_a_world_has_one_hub_and_names_nothing_twice(name):
    world = build_world(name)
    servers = [server for account in world.accounts for region in account.regions for server in region.servers]

    assert [account.id for account in world.accounts if account.access_key_id] == ["111111111111"]
    assert all(account.external_id for account in world.accounts if account is not world.hub)
    assert len({server.hostname for server in servers}) == len(servers)
    assert len({server.address for server in servers}) == len(servers)


def test_every_server_of_the_demo_can_be_described_and_every_account_entered(simulator):
    simulator.reset("demo")
    total = len(hub_client("drs").describe_source_servers()["items"])
    for account, regions in {FINANCE_ID: ("us-east-1", "eu-west-1"), INSURANCE_ID: ("us-west-2", "eu-west-1")}.items():
        for region in regions:
            total += len(client_of(simulator, account, region=region).describe_source_servers()["items"])

    assert total == 40


def test_the_demo_has_everyday_trouble(simulator):
    simulator.reset("demo")
    found = [
        server
        for account in simulator.world()["accounts"]
        for servers in account["servers"].values()
        for server in servers
    ]

    assert {server["replication"] for server in found} == {
        "CONTINUOUS",
        "STALLED",
        "DISCONNECTED",
        "BACKLOG",
        "INITIAL_SYNC",
    }
    assert [server["hostname"] for server in found if not server["tags"]] == ["build-07", "legacy-print01"]
    assert {server["replication"] for server in found if server["tags"].get("Application") == "Billing"} == {
        "CONTINUOUS"
    }


def test_one_region_of_the_demo_is_not_initialised(simulator):
    simulator.reset("demo")
    drs = client_of(simulator, INSURANCE_ID, region="us-east-1")

    with pytest.raises(drs.exceptions.UninitializedAccountException):
        drs.describe_source_servers()


def test_a_drill_of_billing_succeeds_and_a_server_without_a_snapshot_fails(simulator):
    simulator.reset("demo")
    finance = client_of(simulator, FINANCE_ID, region="us-east-1")
    billing = server_ids(simulator, FINANCE_ID, "us-east-1")
    job = start(finance, billing, isDrill=True)
    hub = hub_client("drs")
    servers = {
        entry["sourceProperties"]["identificationHints"]["hostname"]: entry["sourceServerID"]
        for entry in hub.describe_source_servers()["items"]
    }
    other = launch(simulator, hub, [servers["hrp-use1-files01"], servers["legacy-print01"]], isDrill=True)

    assert statuses(finance, job["jobID"]) == ("COMPLETED", ["LAUNCHED"] * 11)
    assert statuses(hub, other["jobID"]) == ("COMPLETED", ["FAILED", "LAUNCHED"])
    log = [item["event"] for item in hub.describe_job_log_items(jobID=other["jobID"])["items"]]
    assert "USING_PREVIOUS_SNAPSHOT" in log
    assert "USING_PREVIOUS_SNAPSHOT_FAILED" in log


def by_hostname(drs):
    items = drs.describe_source_servers()["items"]
    return {item["sourceProperties"]["identificationHints"]["hostname"]: item["dataReplicationInfo"] for item in items}


def test_lag_is_a_duration_that_moves_and_is_absent_for_the_disconnected(simulator):
    simulator.reset("demo")
    drs = client_of(simulator, INSURANCE_ID, region="us-west-2")
    seen = set()
    for _ in range(5):
        servers = by_hostname(drs)
        seen.add(servers["clm-usw2-db03"]["lagDuration"])
        simulator.advance(97)

    assert len(seen) > 1
    assert all(DURATION.fullmatch(info["lagDuration"]) for info in servers.values())
    assert servers["clm-usw2-app04"]["dataReplicationError"]["error"] == "NOT_CONVERGING"
    hub = by_hostname(hub_client("drs"))
    assert "lagDuration" not in hub["legacy-print01"]
    assert "etaDateTime" in hub["hrp-use1-files01"]


def test_a_stalled_server_falls_behind_as_time_passes(simulator):
    simulator.reset("demo")
    drs = client_of(simulator, INSURANCE_ID, region="us-west-2")
    before = by_hostname(drs)["clm-usw2-app04"]["lagDuration"]
    simulator.advance(3 * 86400)
    after = by_hostname(drs)["clm-usw2-app04"]["lagDuration"]

    assert int(after[1 : after.index("D")]) - int(before[1 : before.index("D")]) == 3


DOCUMENTED = {
    "DescribeSourceServers": {"recoveryInstanceId", "sourceNetworkID", "reversedDirectionSourceServerArn"},
    "DescribeRecoveryInstances": {"sourceOutpostArn"},
    "DescribeJobs": set(),
}


@pytest.mark.parametrize(("operation", "absent"), DOCUMENTED.items(), ids=DOCUMENTED)
def test_an_answer_carries_every_member_that_aws_documents_for_such_an_object(simulator, drs, ids, operation, absent):
    launch(simulator, drs, ids[:1])
    shape = SERVICE.operation_model(operation).output_shape
    method = {"DescribeJobs": drs.describe_jobs, "DescribeRecoveryInstances": drs.describe_recovery_instances}
    items = method.get(operation, drs.describe_source_servers)()["items"]

    assert set(shape.members["items"].member.members) - set(items[-1]) == absent
    assert check_output(shape, {"items": items}) == []


def test_two_disks_of_a_windows_server_have_windows_names():
    server = ServerDescription("w", "Microsoft Windows Server 2019", "10.0.0.1", {}, disks_gib=(40, 80))

    assert [server.device_name(0), server.device_name(1)] == ["c:0", "d:0"]
