"""What orchestrators of this kind have read wrongly in the field about jobs and their servers.

Each test is named after what DRS did; answers of a wrong form are in test_field_bugs_of_answers.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from executions import poll
from executions.decisions.server import UNSEEN
from executions.models import Job, Poller, ServerRun
from executions.results import NO_REASON
from tests.executions.altering import jobs_live, servers_are
from tests.executions.driving import launch_statuses, run, sentences, step, tick

pytestmark = pytest.mark.django_db


# A.b, B.11: the job is COMPLETED, none has failed, and some stay PENDING.


def test_ab_a_server_that_stays_pending_when_its_job_has_completed_gets_a_grace_and_then_counts_as_failed(
    drs, aws, unheard, settings
):
    first, _ = ServerRun.objects.all()
    drs.alter("DescribeJobs", servers_are("PENDING", first.source_server_id))
    for _ in range(3):
        step()
    unheard.refresh_from_db()
    assert (unheard.is_active, launch_statuses()) == (True, ["LAUNCHED", "PENDING"])

    settings.ENGINE_GRACE_SECONDS = 0
    assert run(unheard, aws).status == "PARTIAL"
    first.refresh_from_db()
    assert "without a recovery instance that could be found" in first.error


def test_b11_a_status_that_is_stale_when_the_job_completes_is_waited_for(drs, aws, unheard):
    drs.alter("DescribeJobs", servers_are("IN_PROGRESS"))
    for _ in range(2):
        step()
    assert launch_statuses() == ["IN_PROGRESS", "IN_PROGRESS"]

    drs.alterations.clear()
    assert run(unheard, aws).status == "COMPLETED"


def test_b11_a_server_whose_instance_a_later_launch_replaced_before_we_saw_it_is_said_to_have_been_launched(
    drs, aws, unheard, settings, client, olga
):
    drs.answer("DescribeRecoveryInstances", {"items": []})
    step()
    assert launch_statuses() == ["IN_PROGRESS", "IN_PROGRESS"]
    client.force_login(olga.user)
    assert UNSEEN in client.get(f"/executions/{unheard.pk}/").content.decode()

    settings.ENGINE_GRACE_SECONDS = 0
    run(unheard, aws)

    job = Job.objects.first()
    assert launch_statuses() == ["FAILED", "FAILED"]
    for row in ServerRun.objects.all():
        assert row.error.startswith(f"DRS launched it in job {job}, but its recovery instance could not be found")
        assert any(row.name in line and row.error in line for line in sentences(unheard))


def test_b11_what_drs_showed_late_is_no_longer_told(drs, aws, unheard):
    drs.answer("DescribeRecoveryInstances", {"items": []})
    step()
    drs.own.clear()

    assert run(unheard, aws).status == "COMPLETED"
    assert set(ServerRun.objects.values_list("error", flat=True)) == {""}


def test_b11_the_instance_of_a_server_that_drs_never_calls_launched_is_not_forgotten(drs, aws, unheard, settings):
    drs.alter("DescribeJobs", servers_are("IN_PROGRESS"))
    settings.ENGINE_GRACE_SECONDS = 0

    run(unheard, aws)

    assert launch_statuses() == ["FAILED", "FAILED"]
    assert all(row.recovery_instance_id for row in ServerRun.objects.all())


# A.d, A.h: a poll that could not ask says nothing about servers.


@pytest.mark.parametrize("kind", ["throttle", "cut_after", "error_before"])
def test_ad_ah_a_poll_that_could_not_ask_has_not_found_nothing(aws, unheard, kind):
    aws.fault(kind=kind, operation="DescribeJobs")
    step()
    unheard.refresh_from_db()
    assert (unheard.is_active, Job.objects.get().ended_at) == (True, None)

    aws.clear_faults()
    assert run(unheard, aws).status == "COMPLETED"


# B.2, B.6: success is what servers say, and failures can come late.


def test_b2_a_job_that_completes_with_failed_servers_is_no_success(drs, aws, unheard):
    first, _ = ServerRun.objects.all()
    drs.alter("DescribeJobs", servers_are("FAILED", first.source_server_id))

    assert run(unheard, aws).status == "PARTIAL"
    assert launch_statuses() == ["FAILED", "LAUNCHED"]


def test_b6_a_server_that_fails_after_it_was_launched_has_failed(drs, aws, unheard):
    drs.alter("DescribeJobs", jobs_live)
    step()
    assert launch_statuses() == ["LAUNCHED", "LAUNCHED"]
    first, _ = ServerRun.objects.all()

    drs.alter("DescribeJobs", servers_are("FAILED", first.source_server_id))
    step()

    first.refresh_from_db()
    assert launch_statuses() == ["FAILED", "LAUNCHED"]
    assert (first.error, first.launched_at, first.check_result) == (NO_REASON, None, "NONE")
    assert first.recovery_instance_id  # it may still run and cost money
    assert run(unheard, aws).status == "PARTIAL"


# A.c, B.1: a retry is another job; what the first one says is no longer about the server.


def test_b1_what_an_earlier_job_says_is_not_about_a_server_that_is_launched_anew(drs, aws, unheard):
    drs.alter("DescribeJobs", servers_are("FAILED"))
    step()
    assert launch_statuses() == ["FAILED", "FAILED"]
    wave = unheard.waves.get()
    wave.launches.update(status="DONE")
    ServerRun.objects.update(launch_status="PENDING", ended_at=None, error="", attempt=2)
    Job.objects.update(log_read_at=None)  # still asked about
    Poller.objects.update(next_poll_at=timezone.now())

    poll.poll(Poller.objects.get().pk)

    assert not ServerRun.objects.filter(launch_status="FAILED").exists()


# B.10: an instance is ours by its job.


def test_b10_an_instance_of_another_job_is_not_taken_for_ours(drs, aws, unheard):
    def older(answer):
        for instance in answer["items"]:
            instance["jobID"] = "drsjob-00000000000000001"

    drs.alter("DescribeRecoveryInstances", older)
    for _ in range(2):
        step()

    assert launch_statuses() == ["IN_PROGRESS", "IN_PROGRESS"]
    assert not ServerRun.objects.exclude(recovery_instance_id="").exists()


# B.18: extended servers have two jobs; the one in the staging account is not ours.


def test_b18_the_job_that_converts_a_snapshot_is_not_the_launch_we_look_for(drs, aws, drill, settings):
    aws.fault(kind="cut_before", operation="StartRecovery", times=1)
    settings.ENGINE_SETTLE_SECONDS = 0
    names = [row.source_server_id for row in ServerRun.objects.all()]

    def with_conversion(answer):
        answer["items"].append(
            {
                "jobID": "drsjob-0000000000000abcd",
                "type": "CREATE_CONVERTED_SNAPSHOT",
                "initiatedBy": "TARGET_ACCOUNT",
                "status": "STARTED",
                "creationDateTime": timezone.now().isoformat(),
                "participatingServers": [{"sourceServerID": name, "launchStatus": "PENDING"} for name in names],
            }
        )

    drs.alter("DescribeJobs", with_conversion)
    run(drill, aws)

    assert drill.status == "COMPLETED", sentences(drill)
    assert not Job.objects.filter(job_id="drsjob-0000000000000abcd").exists()
    job = Job.objects.get()
    assert (job.type, job.account.account_id, job.region) == ("LAUNCH", "222222222222", "us-east-1")


# Clocks differ.


def test_a_job_created_by_a_clock_ahead_of_ours_is_asked_about_at_once(drs, aws, drill):
    tick(drill)
    Job.objects.update(created_at=timezone.now() + timedelta(hours=1))
    aws.advance(1000)

    assert run(drill, aws).status == "COMPLETED"
