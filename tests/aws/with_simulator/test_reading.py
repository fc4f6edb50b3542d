"""What the gateway reads of servers, jobs and instances, also when answers are late, missing or doubled."""

from datetime import UTC, datetime, timedelta

import pytest

from drsorch.aws import calls, drs, ec2, sessions
from drsorch.aws.errors import AwsNotReady, AwsThrottled, AwsUnknown
from tests.aws.scripted import REGION
from tests.aws.with_simulator.calling import launched, total
from tests.simulator.callers import target_client


def test_source_servers_are_read_with_everything_the_inventory_shows(simulator, target, servers):
    found = drs.describe_source_servers(sessions.client(target, REGION, "drs", purpose="inventory"))
    assert [server.source_server_id for server in found] == servers
    first = found[0]
    assert (first.hostname, first.replication_state) == ("target-use1-db-1", "CONTINUOUS")
    assert first.lag_seconds in {0, 1}  # a healthy lag swings, by the clock, between nothing and a second
    assert first.tags["Tier"] == "db"
    assert all((first.arn, first.ips, first.os, first.cpus, first.ram_bytes, first.disks, first.last_seen_at))


def test_an_unknown_server_is_simply_absent(simulator, target, servers):
    reader = sessions.client(target, REGION, "drs")
    found = drs.describe_source_servers(reader, [servers[0], "s-0123456789abcdef0"])
    assert [server.source_server_id for server in found] == [servers[0]]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "throttle"}, AwsThrottled),
        ({"kind": "error_before"}, AwsUnknown),
        ({"kind": "cut_before"}, AwsUnknown),
    ],
)
def test_a_read_gives_up_after_three_tries(simulator, target, fault, kind):
    reader = sessions.client(target, REGION, "drs")
    simulator.fault(service="drs", operation="DescribeJobs", **fault)
    with pytest.raises(kind):
        drs.describe_jobs(reader)
    assert total(simulator, "drs.DescribeJobs") == 3


def test_a_slow_read_survives_when_the_next_try_is_quick(simulator, target, settings):
    settings.AWS_READ_TIMEOUT_SECONDS = 1
    reader = sessions.client(target, REGION, "drs")
    simulator.fault(service="drs", operation="DescribeJobs", kind="slow", seconds=2, times=1)
    assert drs.describe_jobs(reader) == []
    assert total(simulator, "drs.DescribeJobs") == 2


def test_a_region_that_is_not_initialised_is_a_state(simulator, target):
    client = sessions.client(target, "eu-west-1", "drs")
    assert drs.is_initialized(client) is False
    with pytest.raises(AwsNotReady, match="Initialise DRS in Region eu-west-1"):
        drs.describe_source_servers(client)
    drs.initialize_service(client)
    assert drs.is_initialized(client) is True


def test_tags_come_and_go(simulator, target, servers):
    client = sessions.client(target, REGION, "drs")
    [server] = drs.describe_source_servers(client, servers[:1])
    drs.tag_resource(client, server.arn, {"Owner": "ops"})
    assert drs.list_tags(client, server.arn)["Owner"] == "ops"
    drs.untag_resource(client, server.arn, ["Owner"])
    assert "Owner" not in drs.list_tags(client, server.arn)


def test_what_drs_shows_twice_in_a_list_is_one(simulator, target, servers):
    launched(simulator, target, servers[:1])
    client = sessions.client(target, REGION, "drs")
    simulator.fault(kind="items_duplicated", service="drs")

    assert len(drs.describe_jobs(client)) == 1
    assert len(drs.describe_recovery_instances(client)) == 1
    assert [server.source_server_id for server in drs.describe_source_servers(client)] == servers
    snapshots = drs.describe_recovery_snapshots(client, servers[0])
    assert len({snapshot.snapshot_id for snapshot in snapshots}) == len(snapshots) > 1


def test_the_status_of_instances_is_known_whether_they_run_or_not(simulator, target, servers):
    running, stopped = launched(simulator, target, servers[:2])
    target_client("ec2").stop_instances(InstanceIds=[stopped])

    found = ec2.describe_instance_status(sessions.client(target, REGION, "ec2"), [running, stopped])

    assert (found[running].state, found[running].instance_check, found[running].system_check) == ("running", "ok", "ok")
    assert found[stopped].state in {"stopping", "stopped"}
    assert found[stopped].instance_check != "ok"


def test_an_instance_that_ec2_does_not_know_hides_no_other(simulator, target, servers):
    [running] = launched(simulator, target, servers[:1])
    machines = sessions.client(target, REGION, "ec2")

    assert set(ec2.describe_instance_status(machines, ["i-0123456789abcdef0", running])) == {running}
    assert ec2.describe_instance_status(machines, ["i-0123456789abcdef0"]) == {}


def test_a_hundred_instances_are_asked_about_at_once(simulator, target):
    machines = sessions.client(target, REGION, "ec2")
    ids = [f"i-0123456789abcd{number:03d}" for number in range(101)]
    before = total(simulator, "ec2.DescribeInstanceStatus")

    assert ec2.describe_instance_status(machines, ids) == {}

    assert total(simulator, "ec2.DescribeInstanceStatus") - before == 2


def test_the_time_of_drs_is_learned_from_its_answers(simulator, target):
    simulator.advance(7200)
    drs.describe_source_servers(sessions.client(target, REGION, "drs"))
    ec2.describe_instances(sessions.client(target, REGION, "ec2"), ["i-0123456789abcdef0"])

    def ahead(service):
        return calls.CLOCKS.now((target.account_id, REGION, service)) - datetime.now(UTC)

    assert timedelta(minutes=110) < ahead("drs") <= timedelta(minutes=120)
    assert abs(ahead("ec2")) < timedelta(seconds=30)
