"""DRS and EC2 cannot be read: nothing fails because it is unknown, and everything ends when the fault does."""

import socket
import time

import pytest

from executions import poll
from executions.models import Job, Launch, Poller, ServerRun
from executions.results import MISSING_AFTER, NO_REASON
from tests import factories
from tests.executions.driving import due_now, let_settle, let_waits_pass, problems, run, sentences, step, tick

pytestmark = pytest.mark.django_db

FAULTS = [
    ("DescribeJobs", {"kind": "throttle"}, "slowed down by AWS"),
    ("DescribeJobs", {"kind": "error_before"}, "got no clear answer"),
    ("DescribeJobs", {"kind": "cut_after"}, "got no clear answer"),
    ("DescribeJobs", {"kind": "denied"}, "AccessDeniedException"),
    ("DescribeRecoveryInstances", {"kind": "denied"}, "AccessDeniedException"),
]


@pytest.mark.parametrize(("operation", "fault", "words"), FAULTS)
def test_a_poll_that_fails_is_shown_and_tried_again(aws, unheard, operation, fault, words):
    aws.fault(operation=operation, **fault)

    step()
    poller = Poller.objects.get()
    unheard.refresh_from_db()
    assert unheard.status == "POLLING"
    assert not ServerRun.objects.exclude(launch_status="PENDING").exists()
    assert poller.failures == 1
    assert words in poller.last_error

    aws.clear_faults()
    assert run(unheard, aws).status == "COMPLETED"
    assert (Poller.objects.get().failures, Poller.objects.get().last_error) == (0, "")


def test_a_poll_slower_than_we_wait_is_tried_again(aws, unheard, settings):
    settings.AWS_READ_TIMEOUT_SECONDS = 0.5
    aws.fault(kind="slow", operation="DescribeJobs", seconds=1)
    due_now()

    poll.poll(Poller.objects.get().pk)
    assert "got no clear answer" in Poller.objects.get().last_error

    aws.clear_faults()
    settings.AWS_READ_TIMEOUT_SECONDS = 10
    factories.forget_sessions()  # after three time-outs in a row a process would wait for two seconds
    assert run(unheard, aws).status == "COMPLETED"


def test_a_region_that_never_answers_holds_no_worker_up(aws, unheard, settings, monkeypatch):
    settings.AWS_READ_TIMEOUT_SECONDS = 0.1
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hole:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DRS", f"http://127.0.0.1:{hole.getsockname()[1]}")
        step()
        began = time.monotonic()
        for _ in range(15):
            due_now()
            poll.poll(Poller.objects.get().pk)
        assert time.monotonic() - began < 2  # three tries each would be 4.5 s and more
        assert "drs there has not answered since" in Poller.objects.get().last_error

    monkeypatch.delenv("AWS_ENDPOINT_URL_DRS")
    factories.forget_sessions()  # as after the pause
    assert run(unheard, aws).status == "COMPLETED"


def test_a_launch_in_a_region_that_never_answers_says_since_when(aws, drill, settings, monkeypatch):
    settings.AWS_READ_TIMEOUT_SECONDS = settings.AWS_ONCE_READ_TIMEOUT_SECONDS = 0.1
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hole:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DRS", f"http://127.0.0.1:{hole.getsockname()[1]}")
        for _ in range(3):
            tick(drill)
            let_waits_pass()
    call = Launch.objects.get()
    assert call.status == "INTENT"
    assert "drs there has not answered since" in call.reason
    assert call.reason in sentences(drill)


def test_a_log_that_cannot_be_read_holds_nothing_up(aws, unheard):
    aws.fault(kind="denied", operation="DescribeJobLogItems")

    run(unheard, aws)

    assert unheard.status == "COMPLETED"
    assert "The log of a job is not known" in Poller.objects.get().last_error
    assert Poller.objects.get().next_poll_at is not None  # it is read as soon as it can be
    aws.clear_faults()
    step()
    assert Job.objects.get().log.filter(event="JOB_END").exists()
    assert Poller.objects.get().next_poll_at is None


def test_the_reason_of_a_failure_is_filled_in_when_its_log_can_be_read(aws, drill):
    server = drill.waves.get().servers.first()
    aws.fail_server("222222222222", "us-east-1", server.source_server_id, at="CONVERSION")
    aws.fault(kind="denied", operation="DescribeJobLogItems")
    run(drill, aws)
    server.refresh_from_db()
    assert server.error == NO_REASON

    aws.clear_faults()
    step()

    server.refresh_from_db()
    assert server.error.startswith("CONVERSION_FAIL: Conversion failed: no supported bootloader")


def test_an_address_that_cannot_be_read_holds_nothing_up(aws, unheard):
    aws.fault(kind="denied", service="ec2", operation="DescribeInstances")

    run(unheard, aws)

    assert unheard.status == "COMPLETED"
    assert all(row.recovery_instance_id and not row.private_ip for row in ServerRun.objects.all())


def test_an_instance_that_shows_late_is_waited_for(aws, drill):
    aws.settings(visibility={"recovery_instance_late_seconds": 5000})
    tick(drill)
    aws.advance(1000)
    for _ in range(2):
        step()
    assert {row.launch_status for row in ServerRun.objects.all()} == {"IN_PROGRESS"}

    aws.advance(5000)
    assert run(drill, aws).status == "COMPLETED"


def test_an_instance_that_never_shows_fails_its_server_after_the_grace(aws, drill, settings):
    settings.ENGINE_GRACE_SECONDS = 0
    aws.settings(visibility={"recovery_instance_late_seconds": 80_000})

    run(drill, aws)

    assert drill.status == "FAILED"
    job, why = Job.objects.get(), "but its recovery instance could not be found: it is not shown yet,"
    assert all(row.error.startswith(f"DRS launched it in job {job}, {why}") for row in ServerRun.objects.all())


def test_nothing_is_sent_again_while_drs_cannot_be_asked(aws, drill):
    aws.fault(kind="cut_after", operation="StartRecovery", times=1)
    aws.fault(kind="denied", operation="DescribeJobs")
    tick(drill)
    first = Launch.objects.get()
    assert first.status == "INTENT"
    assert "Until DRS answers, nothing is sent again." in first.reason

    let_settle()
    tick(drill)
    second = Launch.objects.get()
    assert second.status == "INTENT"
    assert second.refusals > first.refusals  # and asked again later each time
    assert aws.requests()["total"]["drs.StartRecovery"] == 1

    aws.clear_faults()
    let_waits_pass()
    assert run(drill, aws).status == "COMPLETED"
    assert problems(aws) == []


def test_a_job_that_is_invisible_at_first_is_waited_for(aws, drill):
    aws.fault(kind="job_invisible", seconds=120, times=1)
    tick(drill)
    step()

    assert Job.objects.get().polled_at is None
    assert run(drill, aws).status == "COMPLETED"


def test_a_job_that_drs_shows_no_more_is_taken_for_ended(aws, drill, settings):
    settings.ENGINE_GRACE_SECONDS = 0
    aws.fault(kind="job_invisible", seconds=80_000, times=1)
    tick(drill)
    Job.objects.update(created_at=Job.objects.get().created_at - 2 * MISSING_AFTER)

    run(drill, aws, seconds=600, by=300)

    assert Job.objects.get().status == "GONE"
    assert any("no longer shows job" in line for line in sentences(drill))
    assert drill.status == "FAILED"
