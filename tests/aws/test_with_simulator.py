"""The gateway against the local endpoint: the same faults as in the field, with and without their side effect."""

from datetime import UTC, datetime, timedelta

import pytest

from drsorch.aws import calls, drs, ec2, sessions, sts
from drsorch.aws.errors import (
    AwsConflict,
    AwsDenied,
    AwsError,
    AwsNotReady,
    AwsQuota,
    AwsRejected,
    AwsThrottled,
    AwsUnknown,
    TooLate,
)
from drsorch.simulator.worlds.minimal import EXTERNAL_ID
from tests.aws.scripted import REGION
from tests.simulator.callers import target_client


@pytest.fixture
def target(target, simulator):
    [account] = [found for found in simulator.world()["accounts"] if found["id"] == target.account_id]
    target.role_arn, target.external_id = account["role_arn"], EXTERNAL_ID
    return target


@pytest.fixture
def servers(target, simulator):
    [account] = [found for found in simulator.world()["accounts"] if found["id"] == target.account_id]
    return [server["id"] for server in account["servers"][REGION]]


def total(simulator, operation):
    return simulator.requests()["total"].get(operation, 0)


def start(target, servers, seconds=20.0, **more):
    client = sessions.client(target, REGION, "drs", once=True)
    deadline = datetime.now(UTC) + timedelta(seconds=seconds)
    return drs.start_recovery(client, servers, deadline=deadline, **{"is_drill": True, "tags": None, **more})


def live_jobs(simulator):
    return [job for job in simulator.jobs() if job["type"] == "LAUNCH"]


def test_a_drill_from_the_first_call_to_the_last(simulator, target, servers):
    reader = sessions.client(target, REGION, "drs")
    before = datetime.now(UTC) - timedelta(days=3650)
    job = start(target, servers[:2], tags={"drsorch:launch": "token"})
    assert (job.type, job.initiated_by, job.tags["drsorch:launch"]) == ("LAUNCH", "START_DRILL", "token")
    simulator.advance(7200)
    [ended] = drs.describe_jobs(reader, [job.job_id])
    assert [found.job_id for found in drs.describe_jobs(reader, since=before)] == [job.job_id]
    assert ended.status == "COMPLETED"
    assert ended.ended_at > ended.created_at
    assert {(server.source_server_id, server.launch_status) for server in ended.servers} == {
        (servers[0], "LAUNCHED"),
        (servers[1], "LAUNCHED"),
    }
    log = drs.describe_job_log_items(reader, job.job_id)
    assert (log[0].event, log[-1].event) == ("JOB_START", "JOB_END")
    assert len({item.digest for item in log}) == len(log)
    launched = drs.describe_recovery_instances(reader, server_ids=servers[:3])
    assert {(found.source_server_id, found.job_id, found.is_drill) for found in launched} == {
        (servers[0], job.job_id, True),
        (servers[1], job.job_id, True),
    }
    ids = [found.ec2_instance_id for found in launched]
    machines = sessions.client(target, REGION, "ec2")
    found = ec2.describe_instances(machines, [*ids, "i-0123456789abcdef0"])
    assert {instance.state for instance in found.values()} == {"running"}
    assert set(found) == set(ids)
    assert all(instance.private_ip for instance in found.values())
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    once = sessions.client(target, REGION, "drs", once=True)
    ending = drs.terminate_recovery_instances(
        once, [found.recovery_instance_id for found in launched], deadline=deadline
    )
    simulator.advance(3600)
    [ended] = drs.describe_jobs(reader, [ending.job_id])
    assert (ended.type, ended.status) == ("TERMINATE", "COMPLETED")
    assert drs.describe_recovery_instances(reader, server_ids=servers) == []
    assert {gone.state for gone in ec2.describe_instances(machines, ids).values()} <= {"terminated"}
    assert total(simulator, "sts.AssumeRole") == 1


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


FAULTS = [
    ({"kind": "throttle"}, AwsThrottled, 0),
    ({"kind": "conflict"}, AwsConflict, 0),
    ({"kind": "denied"}, AwsDenied, 0),
    ({"kind": "error_before", "status": 503}, AwsUnknown, 0),
    ({"kind": "error_after", "status": 500}, AwsUnknown, 1),
    ({"kind": "cut_before"}, AwsUnknown, 0),
    ({"kind": "cut_after"}, AwsUnknown, 1),
    ({"kind": "slow_after", "seconds": 1.5}, AwsUnknown, 1),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case[0]["kind"])
def test_a_start_that_goes_wrong_is_sent_once_and_says_what_may_be_concluded(
    simulator, target, servers, settings, case
):
    fault, kind, jobs = case
    settings.AWS_ONCE_READ_TIMEOUT_SECONDS = 0.5
    sessions.client(target, REGION, "drs", once=True)
    simulator.fault(service="drs", operation="StartRecovery", **fault)
    with pytest.raises(AwsError) as caught:
        start(target, servers[:1])
    assert type(caught.value) is kind
    assert total(simulator, "drs.StartRecovery") == 1
    assert len(live_jobs(simulator)) == jobs


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


def test_a_second_job_for_a_server_is_a_conflict(simulator, target, servers):
    start(target, servers[:1])
    with pytest.raises(AwsConflict, match="wait until it has ended"):
        start(target, servers[:1])


def test_a_used_up_quota_is_a_quota(simulator, target, servers):
    simulator.settings(quotas={"concurrent_jobs": 1})
    start(target, servers[:1])
    with pytest.raises(AwsQuota, match="higher quota"):
        start(target, servers[1:2])


def test_an_invented_server_is_a_refusal(simulator, target):
    with pytest.raises(AwsRejected) as caught:
        start(target, ["s-0123456789abcdef0"])
    assert not isinstance(caught.value, AwsQuota)
    assert live_jobs(simulator) == []


def test_too_late_leaves_no_trace(simulator, target, servers):
    with pytest.raises(TooLate):
        start(target, servers[:1], seconds=-0.001)
    assert total(simulator, "drs.StartRecovery") == 0


def test_a_wrong_external_id_is_denied_with_a_sentence(simulator, target):
    target.external_id = "wrong"
    with pytest.raises(AwsDenied) as caught:
        sessions.client(target, REGION, "drs")
    for words in ("AssumeRole", target.account_id, REGION, "trust policy", "external id"):
        assert words in caught.value.message


def test_the_hub_cannot_be_taken_for_another_account(simulator, target):
    target.role_arn = ""
    with pytest.raises(AwsDenied, match="belong to account 111111111111, not to 222222222222"):
        sessions.client(target, REGION, "drs")


def test_ended_sessions_are_replaced_by_the_next_client(simulator, target):
    reader = sessions.client(target, REGION, "drs")
    simulator.expire()
    with pytest.raises(AwsDenied):
        drs.describe_jobs(reader)
    assert drs.describe_jobs(sessions.client(target, REGION, "drs")) == []
    assert total(simulator, "sts.AssumeRole") == 2


def test_unknown_keys_are_denied(simulator, hub, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN000000000")
    with pytest.raises(AwsDenied):
        sessions.client(hub, REGION, "drs")


def test_identity_is_that_of_the_role(simulator, target):
    identity = sts.caller_identity(sessions.client(target, REGION, "sts", purpose="validate"))
    assert identity.account_id == target.account_id
    assert identity.arn.endswith("/drsorch-validate")


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


def test_a_job_that_drs_shows_twice_is_one(simulator, target, servers):
    job = start(target, servers[:1])
    simulator.fault(kind="items_duplicated", operation="DescribeJobs")

    assert [each.job_id for each in drs.describe_jobs(sessions.client(target, REGION, "drs"))] == [job.job_id]


def launched(simulator, target, servers):
    """Launch these servers and return their instance ids."""
    start(target, servers)
    simulator.advance(7200)
    found = drs.describe_recovery_instances(sessions.client(target, REGION, "drs"), server_ids=servers)
    return [row.ec2_instance_id for row in found]


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


def test_a_role_is_assumed_once_for_all_that_a_process_does_in_an_account(simulator, target, servers):
    before = total(simulator, "sts.AssumeRole")
    instances = launched(simulator, target, servers[:2])
    for region in (REGION, "us-west-2"):
        for _ in range(3):
            drs.describe_jobs(sessions.client(target, region, "drs", purpose="poll"))
            ec2.describe_instances(sessions.client(target, region, "ec2", purpose="inventory"), instances)

    assert total(simulator, "sts.AssumeRole") - before == 1


def test_the_time_of_drs_is_learned_from_its_answers(simulator, target):
    simulator.advance(7200)
    drs.describe_source_servers(sessions.client(target, REGION, "drs"))
    ec2.describe_instances(sessions.client(target, REGION, "ec2"), ["i-0123456789abcdef0"])

    def ahead(service):
        return calls.CLOCKS.now((target.account_id, REGION, service)) - datetime.now(UTC)

    assert timedelta(minutes=110) < ahead("drs") <= timedelta(minutes=120)
    assert abs(ahead("ec2")) < timedelta(seconds=30)
