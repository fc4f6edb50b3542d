"""The journal: what is written in it, so that it is there after the endpoint was started again."""

import pytest
from botocore.exceptions import ClientError

from tests.simulator.callers import (
    EAST,
    HUB,
    LONG_ENOUGH,
    TARGET,
    WEST,
    assume,
    code,
    hub_client,
    instances,
    launch,
    server_ids,
    session_client,
    start,
)


def test_what_happened_without_an_answer_is_kept_as_well(endpoint):
    drs, ids = hub_client("drs"), server_ids(endpoint.control)
    endpoint.control.fault(kind="error_after", operation="StartRecovery", times=1)
    endpoint.control.fail_server(HUB, EAST, ids[0], at="CONVERSION")
    assert code(start, drs, ids[:2], tags={"intent": "7"}) == "InternalServerException"
    endpoint.restart()
    endpoint.control.advance(LONG_ENOUGH)

    (job,) = endpoint.control.jobs()
    assert (job["tags"], job["servers"]) == ({"intent": "7"}, {ids[0]: "FAILED", ids[1]: "LAUNCHED"})
    assert [rule["hits"] for rule in endpoint.control.faults()] == [1, 1]


def test_control_requests_are_kept(endpoint):
    control = endpoint.control
    control.settings(quotas={"concurrent_jobs": 3}, visibility={"job_arn_in_tags": False})
    control.deny(TARGET, "drs:StartRecovery")
    control.region(HUB, WEST, initialized=False)
    control.clock(speed=1000)
    expired = assume()["Credentials"]
    control.expire()
    endpoint.restart()
    control = endpoint.control

    assert control.settings()["quotas"]["concurrent_jobs"] == 3
    assert control.health()["speed"] == 1000
    assert code(hub_client("drs", WEST).describe_jobs) == "UninitializedAccountException"
    assert code(session_client("drs", expired).describe_jobs) == "ExpiredTokenException"
    drs = session_client("drs", assume()["Credentials"])
    assert code(start, drs, server_ids(control, TARGET)[:1]) == "AccessDeniedException"


def test_reading_leaves_no_line(endpoint):
    control = endpoint.control
    launch(control, hub_client("drs"), server_ids(control))
    size = endpoint.journal.stat().st_size
    hub_client("drs").describe_jobs()
    hub_client("drs").describe_recovery_instances()
    hub_client("ec2").describe_instances()
    hub_client("sts").get_caller_identity()
    hub_client("iam").list_roles()
    control.jobs()

    assert endpoint.journal.stat().st_size == size


def test_a_reset_begins_the_journal_anew(endpoint):
    start(hub_client("drs"), server_ids(endpoint.control)[:1])
    endpoint.control.reset("estate", speed=0, accounts=2, regions=1, servers=3)
    endpoint.restart()

    assert endpoint.control.health()["world"] == "estate"
    assert endpoint.control.jobs() == []
    assert len(endpoint.journal.read_text().splitlines()) == 1


def test_other_services_come_back_with_their_ids(endpoint):
    hub_client("sns").create_topic(Name="alerts")
    queue = hub_client("sqs").create_queue(QueueName="alerts")["QueueUrl"]
    group = hub_client("ec2").create_security_group(GroupName="web", Description="x")["GroupId"]
    user = hub_client("iam").create_user(UserName="eve")["User"]["UserId"]
    hub_client("ssm").put_parameter(Name="/a", Value="1", Type="String")
    endpoint.restart()

    assert [entry["TopicArn"].rpartition(":")[2] for entry in hub_client("sns").list_topics()["Topics"]] == ["alerts"]
    assert hub_client("sqs").list_queues()["QueueUrls"] == [queue]
    assert hub_client("ec2").describe_security_groups(GroupNames=["web"])["SecurityGroups"][0]["GroupId"] == group
    assert hub_client("iam").get_user(UserName="eve")["User"]["UserId"] == user
    assert hub_client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "1"


def test_without_a_journal_nothing_is_written(simulator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start(hub_client("drs"), server_ids(simulator)[:1])

    with pytest.raises(ClientError):
        start(hub_client("drs"), server_ids(simulator)[:1])
    assert list(tmp_path.iterdir()) == []


def test_what_a_rule_let_happen_before_a_read_is_kept(endpoint):
    drs, ids = hub_client("drs"), server_ids(endpoint.control)
    launch(endpoint.control, drs, ids[:1])
    endpoint.control.fault(kind="instance_stopped", service="ec2", operation="DescribeInstances", times=1)
    endpoint.control.fault(kind="replication", operation="DescribeSourceServers", state="STALLED", times=1)
    hub_client("ec2").describe_instances()
    drs.describe_source_servers()
    endpoint.restart()

    assert [entry["ec2InstanceState"] for entry in instances(hub_client("drs"))] == ["STOPPED"]
    servers = hub_client("drs").describe_source_servers()["items"]
    assert {entry["dataReplicationInfo"]["dataReplicationState"] for entry in servers} == {"STALLED"}
    assert [rule["hits"] for rule in endpoint.control.faults()] == [1, 1]


def test_what_another_operator_did_is_kept_though_our_call_was_refused(endpoint):
    drs, ids = hub_client("drs"), server_ids(endpoint.control)
    endpoint.control.fault(kind="foreign_job", operation="StartRecovery", times=1)
    assert code(start, drs, ids[:1]) == "ConflictException"
    endpoint.control.happen("server_deleted", HUB, EAST, source_server_ids=ids[1:2])
    told = endpoint.control.start_job(HUB, EAST, ids[2:3])
    before = endpoint.control.jobs()
    endpoint.restart()

    assert endpoint.control.jobs() == before
    assert [job["jobID"] for job in before][1:] == [told]
    assert ids[1] not in server_ids(endpoint.control)
