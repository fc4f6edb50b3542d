"""What is asked of DRS and EC2, and how their answers are read."""

import contextlib
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from drsorch.aws import drs, ec2, sessions
from drsorch.aws.errors import AwsUnknown
from tests.aws.scripted import says, xml

REGION = "us-east-1"
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


@pytest.fixture
def reader(aws, hub):
    return sessions.client(hub, REGION, "drs")


@pytest.fixture
def once(aws, hub):
    return sessions.client(hub, REGION, "drs", once=True)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=20)


def asked(aws, operation):
    return [request.params for request in aws.received if request.operation == operation]


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
    aws.answers("DescribeSourceServers", says({"items": [FULL_SERVER, without(FULL_SERVER, path)]}))
    whole, server = drs.describe_source_servers(reader)
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


def test_a_state_that_is_new_to_us_is_kept_as_it_is(aws, reader):
    aws.answers("DescribeJobs", says({"items": [{"jobID": "j", "status": "EXPLODED", "type": "NEW"}]}))
    [job] = drs.describe_jobs(reader)
    assert (job.status, job.type) == ("EXPLODED", "NEW")


def test_ids_are_asked_for_in_batches_of_two_hundred(aws, reader):
    drs.describe_source_servers(reader, (f"s-{number:017d}" for number in range(450)))
    sizes = [len(params["filters"]["sourceServerIDs"]) for params in asked(aws, "DescribeSourceServers")]
    assert sizes == [200, 200, 50]


def test_a_thousand_jobs_are_one_request(aws, reader):
    drs.describe_jobs(reader, [f"drsjob-{number:017d}" for number in range(1000)])
    assert [len(params["filters"]["jobIDs"]) for params in asked(aws, "DescribeJobs")] == [1000]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: drs.describe_source_servers(client, []),
        lambda client: drs.describe_jobs(client, []),
        lambda client: drs.describe_jobs(client, [], since=soon()),
        lambda client: drs.describe_recovery_instances(client, server_ids=[]),
        lambda client: drs.describe_recovery_instances(client, instance_ids=[]),
    ],
)
def test_no_ids_are_no_question(aws, reader, ask):
    before = len(aws.received)
    assert ask(reader) == []
    assert len(aws.received) == before


def test_all_jobs_since_a_time_are_asked_with_the_z_form(aws, reader):
    drs.describe_jobs(reader, since=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC))
    assert asked(aws, "DescribeJobs") == [{"filters": {"fromDate": "2026-01-02T03:04:05.678Z"}}]


def test_all_pages_are_read(aws, reader):
    aws.answers(
        "DescribeJobs",
        says({"items": [{"jobID": "one"}], "nextToken": "more"}),
        says({"items": [{"jobID": "two"}], "nextToken": None}),
    )
    assert [job.job_id for job in drs.describe_jobs(reader, ["drsjob-00000000000000001"])] == ["one", "two"]
    first, second = asked(aws, "DescribeJobs")
    assert second == {**first, "nextToken": "more"}


def test_a_page_that_fails_fails_the_whole_list(aws, reader):
    aws.answers("DescribeJobs", says({"items": [{"jobID": "one"}], "nextToken": "more"}), says({}))
    with pytest.raises(AwsUnknown):
        drs.describe_jobs(reader)


def test_a_job_is_read_without_instance_and_with_tags_that_are_not_ours(aws, reader):
    item = {
        "jobID": "drsjob-1",
        "type": "LAUNCH",
        "status": "COMPLETED",
        "initiatedBy": "START_DRILL",
        "creationDateTime": "2024-09-16T04:42:46.324841+00:00",
        "participatingServers": [{"sourceServerID": "s-1", "launchStatus": "LAUNCHED"}],
        "tags": {"resourceArn": "arn:x"},
    }
    aws.answers("DescribeJobs", says({"items": [item]}))
    [job] = drs.describe_jobs(reader)
    assert job.servers == (drs.JobServer("s-1", "LAUNCHED", ""),)
    assert (job.ended_at, job.tags) == (None, {"resourceArn": "arn:x"})


def test_a_log_is_sorted_and_an_entry_has_the_same_digest_in_both_forms_of_time(aws, reader):
    end = {"event": "JOB_END", "eventData": {}, "logDateTime": "2024-09-16T05:00:00.000Z"}
    failed = {
        "event": "LAUNCH_FAILED",
        "logDateTime": "2024-09-16T04:42:46.500000+00:00",
        "eventData": {"sourceServerID": "s-1", "conversionServerID": "i-c", "rawError": "UnauthorizedOperation"},
    }
    again = {**failed, "logDateTime": "2024-09-16T04:42:46.500Z"}
    other = {**failed, "eventData": {**failed["eventData"], "attemptCount": 2}}
    aws.answers("DescribeJobLogItems", says({"items": [end, failed]}), says({"items": [again, other, end]}))
    first = drs.describe_job_log_items(reader, "drsjob-00000000000000001")
    second = drs.describe_job_log_items(reader, "drsjob-00000000000000001")
    assert [item.event for item in first] == ["LAUNCH_FAILED", "JOB_END"]
    assert (first[0].source_server_id, first[0].raw_error) == ("s-1", "UnauthorizedOperation")
    assert first[0].digest == second[0].digest
    assert len({item.digest for item in second}) == 3
    assert first[0].conversion_server_id == "i-c"


def test_a_recovery_instance_without_its_drill_mark_is_neither(aws, reader):
    aws.answers("DescribeRecoveryInstances", says({"items": [{"recoveryInstanceID": "i-1"}, {"isDrill": False}]}))
    assert [found.is_drill for found in drs.describe_recovery_instances(reader)] == [None, False]


def test_servers_and_instances_are_not_mixed_in_one_question(reader):
    with pytest.raises(AssertionError, match="not by both"):
        drs.describe_recovery_instances(reader, server_ids=["s"], instance_ids=["i"])


def test_a_start_names_servers_mode_and_tags(aws, once):
    aws.answers("StartRecovery", says({"job": {"jobID": "drsjob-1", "status": "PENDING"}}, status=202))
    job = drs.start_recovery(
        once, ["s-00000000000000001"], is_drill=True, tags={"drsorch:launch": "t"}, deadline=soon()
    )
    assert (job.job_id, job.status) == ("drsjob-1", "PENDING")
    assert asked(aws, "StartRecovery") == [
        {
            "sourceServers": [{"sourceServerID": "s-00000000000000001"}],
            "isDrill": True,
            "tags": {"drsorch:launch": "t"},
        }
    ]


def test_a_start_without_tags_sends_none(aws, once):
    aws.answers("StartRecovery", says({"job": {"jobID": "drsjob-1"}}))
    drs.start_recovery(once, ["s-00000000000000001"], is_drill=False, tags={}, deadline=soon())
    assert "tags" not in asked(aws, "StartRecovery")[0]


def test_a_terminate_names_its_instances(aws, once):
    aws.answers("TerminateRecoveryInstances", says({"job": {"jobID": "drsjob-2", "type": "TERMINATE"}}))
    assert drs.terminate_recovery_instances(once, ["i-00000000000000001"], deadline=soon()).type == "TERMINATE"
    assert asked(aws, "TerminateRecoveryInstances") == [{"recoveryInstanceIDs": ["i-00000000000000001"]}]


def test_nothing_is_started_for_nobody(aws, once):
    with pytest.raises(AssertionError):
        drs.start_recovery(once, [], is_drill=True, tags=None, deadline=soon())
    with pytest.raises(AssertionError):
        drs.terminate_recovery_instances(once, [], deadline=soon())
    assert asked(aws, "StartRecovery") == []


def test_ec2_is_asked_by_filter_so_that_an_unknown_id_costs_nothing(aws, hub):
    aws.answers(
        "DescribeInstances",
        xml(
            '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item>'
            "<instancesSet><item><instanceId>i-1</instanceId><instanceState><name>running</name></instanceState>"
            "<privateIpAddress>10.0.0.1</privateIpAddress><instanceType>t3.micro</instanceType>"
            "<launchTime>2026-01-01T00:00:00.000Z</launchTime></item></instancesSet></item></reservationSet>"
            "</DescribeInstancesResponse>"
        ),
    )
    found = ec2.describe_instances(sessions.client(hub, REGION, "ec2"), ["i-1", "i-2"])
    assert found == {"i-1": ec2.Instance("i-1", "running", "10.0.0.1", "t3.micro", datetime(2026, 1, 1, tzinfo=UTC))}
    [params] = asked(aws, "DescribeInstances")
    assert (params["Filter.1.Name"], params["Filter.1.Value.1"], params["Filter.1.Value.2"]) == (
        "instance-id",
        "i-1",
        "i-2",
    )


def test_ec2_without_ids_is_not_asked(aws, hub):
    assert ec2.describe_instances(sessions.client(hub, REGION, "ec2"), []) == {}
    assert asked(aws, "DescribeInstances") == []


def test_an_answer_of_ec2_without_reservations_is_unknown(aws, hub):
    aws.answers("DescribeInstances", xml("<DescribeInstancesResponse></DescribeInstancesResponse>"))
    with pytest.raises(AwsUnknown):
        ec2.describe_instances(sessions.client(hub, REGION, "ec2"), ["i-1"])


@pytest.mark.parametrize("disposition", ["STARTED", "STOPPED", "A_NEW_ONE"])
def test_the_launch_disposition_of_a_server_is_read_as_it_is(aws, reader, disposition):
    aws.answers("GetLaunchConfiguration", says({"sourceServerID": "s-1", "launchDisposition": disposition}))

    assert drs.get_launch_disposition(reader, "s-1111111111111111a") == disposition
    assert aws.received[-1].params == {"sourceServerID": "s-1111111111111111a"}


def test_a_launch_configuration_without_a_disposition_is_not_taken_for_any(aws, reader):
    aws.answers("GetLaunchConfiguration", says({}))
    with pytest.raises(AwsUnknown, match="it names no launch disposition"):
        drs.get_launch_disposition(reader, "s-1111111111111111a")


def test_members_that_are_new_are_said_once_and_harm_nothing(aws, reader, caplog):
    caplog.set_level("INFO", "drsorch.aws")
    server = {"sourceServerID": "s-1", "launchStatus": "PENDING", "warpFactor": 9}
    job = {"jobID": "drsjob-1", "gravity": {"a": 1}, "participatingServers": [server], "tags": {"a": "b"}}
    aws.answers("DescribeJobs", says({"items": [job], "somethingElse": None}))

    for _ in range(2):
        [found] = drs.describe_jobs(reader)

    assert (found.job_id, found.servers[0].launch_status) == ("drsjob-1", "PENDING")
    said = [record.getMessage() for record in caplog.records if "does not know" in record.getMessage()]
    assert said == [
        "AWS sent the member 'gravity' of Job, which this version does not know.",
        "AWS sent the member 'warpFactor' of ParticipatingServer, which this version does not know.",
        "AWS sent the member 'somethingElse' of DescribeJobsResponse, which this version does not know.",
    ]


@pytest.mark.parametrize("answer", [[], "text", 5, {"items": {"a": 1}}, {"items": [5, None]}])
def test_an_answer_of_another_form_is_no_crash_while_looking_for_new_members(aws, reader, answer):
    aws.answers("DescribeJobs", says(answer))
    with contextlib.suppress(AwsUnknown):
        assert drs.describe_jobs(reader) == []
