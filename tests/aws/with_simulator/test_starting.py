"""Jobs started through the gateway: the same faults as in the field, with and without their side effect."""

from datetime import UTC, datetime, timedelta

import pytest

from drsorch.aws import drs, ec2, sessions
from drsorch.aws.errors import (
    AwsConflict,
    AwsDenied,
    AwsError,
    AwsQuota,
    AwsRejected,
    AwsThrottled,
    AwsUnknown,
    TooLate,
)
from tests.aws.scripted import REGION
from tests.aws.with_simulator.calling import live_jobs, start, total


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
