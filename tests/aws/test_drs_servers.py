"""Source servers of DRS: all that is read of one, what may be missing, and how it will be launched."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from drsorch.aws import drs
from drsorch.aws.errors import AwsUnknown
from tests.aws.scripted import says

FULL_SERVER = {
    "sourceServerID": "s-1111111111111111a",
    "arn": "arn:aws:drs:us-east-1:111111111111:source-server/s-1111111111111111a",
    "tags": {"Tier": "web"},
    "recoveryInstanceId": "i-1",
    "agentVersion": "6.42.12.2025.353.1309",
    "dataReplicationInfo": {
        "dataReplicationState": "STALLED",
        "lagDuration": "PT5M",
        "dataReplicationError": {"error": "AGENT_NOT_SEEN", "rawError": "no heartbeat"},
        "replicatedDisks": [{"backloggedStorageBytes": 5}, {"backloggedStorageBytes": 7}, {"deviceName": "/dev/sdc"}],
    },
    "lifeCycle": {
        "lastSeenByServiceDateTime": "2024-09-16T04:42:46.324841+00:00",
        "lastLaunch": {
            "initiated": {"apiCallDateTime": "2024-09-16T04:00:00.000Z", "jobID": "drsjob-1", "type": "DRILL"},
            "status": "LAUNCHED",
        },
    },
    "sourceProperties": {
        "identificationHints": {"fqdn": "web1.example.com", "hostname": "web1", "awsInstanceID": "i-0origin"},
        "networkInterfaces": [
            {"ips": ["10.0.0.9"], "isPrimary": False},
            {"ips": ["10.0.0.5", "10.0.0.9"], "isPrimary": True},
        ],
        "disks": [{"deviceName": "/dev/sda", "bytes": 8}, {"deviceName": "/dev/sdb"}],
        "cpus": [{"cores": 2}, {"cores": 4}],
        "ramBytes": 1024,
        "os": {"fullString": "Linux"},
        "recommendedInstanceType": "m5.large",
    },
    "stagingArea": {"status": "EXTENDED", "stagingAccountID": "333333333333"},
}


def test_a_source_server_is_read_completely(aws, reader):
    aws.answers("DescribeSourceServers", says({"items": [FULL_SERVER]}))
    assert drs.describe_source_servers(reader) == [
        drs.SourceServer(
            source_server_id="s-1111111111111111a",
            arn=FULL_SERVER["arn"],
            hostname="web1",
            fqdn="web1.example.com",
            ips=("10.0.0.5", "10.0.0.9"),
            os="Linux",
            cpus=6,
            ram_bytes=1024,
            disks=(drs.Disk("/dev/sda", 8), drs.Disk("/dev/sdb", None)),
            recommended_instance_type="m5.large",
            origin_instance_id="i-0origin",
            replication_state="STALLED",
            lag_seconds=300,
            backlog_bytes=12,
            last_seen_at=datetime(2024, 9, 16, 4, 42, 46, 324841, UTC),
            stalled_reason="AGENT_NOT_SEEN: no heartbeat",
            last_launch_job_id="drsjob-1",
            last_launch_type="DRILL",
            last_launch_status="LAUNCHED",
            last_launch_at=datetime(2024, 9, 16, 4, 0, tzinfo=UTC),
            recovery_instance_id="i-1",
            agent_version="6.42.12.2025.353.1309",
            staging_account_id="333333333333",
            tags={"Tier": "web"},
        )
    ]


def without(item, path):
    """Return `item` without the member at `path`."""
    first, *rest = path
    if not rest:
        return {name: value for name, value in item.items() if name != first}
    return {**item, first: without(item[first], rest)}


def paths(item, before=()):
    for name, value in item.items():
        yield (*before, name)
        if isinstance(value, dict) and name != "tags":
            yield from paths(value, (*before, name))


@pytest.mark.parametrize("path", list(paths(FULL_SERVER)), ids=".".join)
def test_a_member_of_a_source_server_may_be_missing_and_only_its_facts_are_gone(aws, reader, path):
    aws.answers("DescribeSourceServers", says({"items": [FULL_SERVER]}), says({"items": [without(FULL_SERVER, path)]}))
    [whole], [server] = drs.describe_source_servers(reader), drs.describe_source_servers(reader)
    changed = [field.name for field in fields(server) if getattr(server, field.name) != getattr(whole, field.name)]
    assert changed
    assert len(changed) < len(fields(server)) / 2


def test_a_server_of_which_nothing_is_known_says_so(aws, reader):
    aws.answers("DescribeSourceServers", says({"items": [{}, None]}))
    [server] = drs.describe_source_servers(reader)
    assert (server.replication_state, server.lag_seconds, server.last_seen_at, server.cpus) == ("", None, None, None)
    assert (server.ips, server.disks, server.tags, server.backlog_bytes) == ((), (), {}, 0)


def test_a_server_that_is_not_extended_has_no_staging_account(aws, reader):
    aws.answers(
        "DescribeSourceServers",
        says({"items": [{"stagingArea": {"status": "EXTENSION_ERROR", "stagingAccountID": "333333333333"}}]}),
    )
    assert drs.describe_source_servers(reader)[0].staging_account_id == ""


def test_ids_are_asked_for_in_batches_of_two_hundred(aws, reader):
    drs.describe_source_servers(reader, (f"s-{number:017d}" for number in range(450)))
    sizes = [len(params["filters"]["sourceServerIDs"]) for params in aws.asked("DescribeSourceServers")]
    assert sizes == [200, 200, 50]


@pytest.mark.parametrize("disposition", ["STARTED", "STOPPED", "A_NEW_ONE"])
def test_the_launch_disposition_of_a_server_is_read_as_it_is(aws, reader, disposition):
    aws.answers("GetLaunchConfiguration", says({"sourceServerID": "s-1", "launchDisposition": disposition}))

    assert drs.get_launch_disposition(reader, "s-1111111111111111a") == disposition
    assert aws.received[-1].params == {"sourceServerID": "s-1111111111111111a"}


def test_a_launch_configuration_without_a_disposition_is_not_taken_for_any(aws, reader):
    aws.answers("GetLaunchConfiguration", says({}))
    with pytest.raises(AwsUnknown, match="it names no launch disposition"):
        drs.get_launch_disposition(reader, "s-1111111111111111a")
