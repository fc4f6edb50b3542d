"""A TerminateRecoveryInstances whose answer was lost: its job is found, whatever DRS still tells of it."""

import pytest

from drsorch.aws import sessions
from drsorch.aws.drs import describe_recovery_instances
from executions.models import ServerRun, TerminationCall
from protection.models import SourceServer
from tests.executions.driving import (
    finish,
    let_settle,
    let_waits_pass,
    sentences,
    start_outside,
    terminate_outside,
    tick,
)

pytestmark = pytest.mark.django_db


def terminations(aws):
    """The endpoint's TERMINATE jobs, oldest first."""
    return [row["jobID"] for row in aws.jobs() if row["type"] == "TERMINATE"]


def lose_answer(aws, execution):
    """Send the call; its answer is lost, and the first look for its job is denied."""
    aws.fault(operation="TerminateRecoveryInstances", kind="cut_after", times=1)
    aws.fault(operation="DescribeJobs", kind="denied", times=1)
    tick(execution)


@pytest.fixture
def lost(aws, place, asked):
    """A termination whose answer was lost, a moment after another operator's; DRS names no servers of the two jobs."""
    [other] = SourceServer.objects.exclude(pk__in=ServerRun.objects.values("server"))[:1]
    start_outside(place, [other.source_server_id])
    aws.advance(1000)
    shown = describe_recovery_instances(sessions.client(place, "us-east-1", "drs"), server_ids=[other.source_server_id])
    terminate_outside(place, [row.recovery_instance_id for row in shown])
    aws.advance(5)
    aws.fault(kind="participants_empty")
    lose_answer(aws, asked)
    aws.advance(1000)
    let_waits_pass()
    return asked


def test_of_two_jobs_that_drs_has_emptied_the_log_tells_which_is_ours(aws, lost):
    tick(lost)

    _, ours = terminations(aws)
    assert TerminationCall.objects.get().job.job_id == ours


def test_a_job_whose_log_is_silent_counts_only_once_no_other_can_turn_up(aws, lost, drs):
    drs.answer("DescribeJobLogItems", {"items": []})
    tick(lost)
    assert TerminationCall.objects.get().job is None

    let_settle()
    tick(lost)

    assert TerminationCall.objects.get().job is not None


def test_a_job_that_drs_has_emptied_while_nobody_could_ask_is_kept_as_evidence(aws, asked):
    aws.fault(kind="participants_empty")
    lose_answer(aws, asked)
    aws.advance(1000)
    let_settle()

    finish(asked, aws)

    assert asked.instances_terminated, sentences(asked)
    [job] = terminations(aws)
    assert TerminationCall.objects.get().job.job_id == job
    assert any(line.startswith(f"DRS job {job} terminates 2") for line in sentences(asked))


def test_its_job_is_found_although_some_of_its_servers_were_seen_to_be_gone_before(aws, asked):
    lose_answer(aws, asked)
    first = ServerRun.objects.first()
    ServerRun.objects.filter(pk=first.pk).update(launch_status="TERMINATED")
    let_waits_pass()

    tick(asked)

    [job] = terminations(aws)
    assert TerminationCall.objects.get().job.job_id == job


def test_instances_that_are_gone_do_not_end_the_search_for_a_job_that_may_still_turn_up(aws, asked):
    aws.fault(operation="TerminateRecoveryInstances", kind="cut_after", times=1)
    aws.fault(kind="job_invisible", seconds=2000, times=1)
    tick(asked)
    aws.advance(1000)
    let_waits_pass()
    tick(asked)
    assert TerminationCall.objects.get().status == "INTENT"

    aws.advance(2000)
    let_waits_pass()
    finish(asked, aws)

    assert asked.instances_terminated
    assert TerminationCall.objects.get().job is not None
