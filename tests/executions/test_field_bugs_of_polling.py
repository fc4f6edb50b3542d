"""What orchestrators of this kind have read wrongly in the field. Each test is named after what DRS did."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from executions import poll, services
from executions.models import Job, JobEvent, Poller, ServerRun
from executions.results import NO_REASON
from tests.executions.driving import run, sentences, step, tick

pytestmark = pytest.mark.django_db

LATE = 1000
REGION = "us-east-1"


@pytest.fixture
def running(drill, aws):
    """A drill whose job has ended in DRS, and that nobody has asked about yet."""
    tick(drill)
    aws.advance(LATE)
    return drill


def jobs(answer):
    return answer["items"]


def servers(answer):
    return [server for job in jobs(answer) for server in job.get("participatingServers", [])]


def says(status, server_id=None):
    """An alteration: DRS calls this server, or all, `status`."""

    def alter(answer):
        for server in servers(answer):
            if server_id in (None, server["sourceServerID"]):
                server["launchStatus"] = status

    return alter


def lives(answer):
    """An alteration: the job has not ended."""
    for job in jobs(answer):
        job["status"] = "STARTED"
        job.pop("endDateTime", None)


def statuses():
    return sorted(ServerRun.objects.values_list("launch_status", flat=True))


# A.b, B.11: the job is COMPLETED, none has failed, and some stay PENDING.


def test_ab_a_server_that_stays_pending_when_its_job_has_completed_gets_a_grace_and_then_counts_as_failed(
    drs, aws, running, settings
):
    first, _ = ServerRun.objects.all()
    drs.alter("DescribeJobs", says("PENDING", first.source_server_id))
    for _ in range(3):
        step()
    running.refresh_from_db()
    assert (running.is_active, statuses()) == (True, ["LAUNCHED", "PENDING"])

    settings.ENGINE_GRACE_SECONDS = 0
    assert run(running, aws).status == "PARTIAL"
    first.refresh_from_db()
    assert "without a recovery instance that could be found" in first.error


def test_b11_a_status_that_is_stale_when_the_job_completes_is_waited_for(drs, aws, running):
    drs.alter("DescribeJobs", says("IN_PROGRESS"))
    for _ in range(2):
        step()
    assert statuses() == ["IN_PROGRESS", "IN_PROGRESS"]

    drs.alterations.clear()
    assert run(running, aws).status == "COMPLETED"


def test_b11_the_instance_of_a_server_that_drs_never_calls_launched_is_not_forgotten(drs, aws, running, settings):
    drs.alter("DescribeJobs", says("IN_PROGRESS"))
    settings.ENGINE_GRACE_SECONDS = 0

    run(running, aws)

    assert statuses() == ["FAILED", "FAILED"]
    assert all(row.recovery_instance_id for row in ServerRun.objects.all())


# The same and more, as the local endpoint does it for every reader.

ODD_ANSWERS = [
    {"kind": "stale_status", "seconds": 300},
    {"kind": "participants_empty"},
    {"kind": "instance_ids_in_jobs"},
    {"kind": "instance_late", "seconds": 300},
    {"kind": "items_duplicated"},
    {"kind": "items_reordered"},
    {"kind": "member_unknown", "member": "newMember", "value": "new"},
    {"kind": "enum_unknown", "member": "event", "value": "TELEPORTED"},
    {"kind": "enum_unknown", "member": "initiatedBy", "value": "A_NEW_DOOR"},
    {"kind": "enum_unknown", "member": "ec2InstanceState", "value": "HUMMING"},
    *({"kind": "member_missing", "member": name} for name in ("participatingServers", "launchStatus", "type", "tags")),
    *({"kind": "member_missing", "member": name} for name in ("creationDateTime", "endDateTime", "initiatedBy", "arn")),
    *(
        {"kind": "member_missing", "member": name}
        for name in ("eventData", "logDateTime", "isDrill", "ec2InstanceState")
    ),
    {"kind": "timestamps", "form": "Z"},
    {"kind": "timestamps", "form": "offset"},
]


@pytest.mark.parametrize("fault", ODD_ANSWERS, ids=lambda fault: " ".join(map(str, fault.values())))
def test_answers_that_are_late_empty_new_or_out_of_order_only_cost_time(aws, running, fault):
    aws.fault(service="drs", **fault)

    assert run(running, aws).status == "COMPLETED"
    assert statuses() == ["LAUNCHED", "LAUNCHED"]
    assert all(row.recovery_instance_id for row in ServerRun.objects.all())


# A.d, A.h: a poll that could not ask says nothing about servers.


@pytest.mark.parametrize("kind", ["throttle", "cut_after", "error_before"])
def test_ad_ah_a_poll_that_could_not_ask_has_not_found_nothing(aws, running, kind):
    aws.fault(kind=kind, operation="DescribeJobs")
    step()
    running.refresh_from_db()
    assert (running.is_active, Job.objects.get().ended_at) == (True, None)

    aws.clear_faults()
    assert run(running, aws).status == "COMPLETED"


# A.n, B.20: words that the API model does not have.


def test_an_a_job_status_that_does_not_exist_neither_fails_nor_ends_anything(drs, aws, running, caplog):
    def failed(answer):
        for job in jobs(answer):
            job["status"] = "FAILED"

    drs.alter("DescribeJobs", failed)
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        step()
    running.refresh_from_db()
    assert (running.is_active, Job.objects.get().ended_at, Job.objects.get().status) == (True, None, "FAILED")
    assert statuses() == ["LAUNCHED", "LAUNCHED"]

    drs.alterations.clear()
    assert run(running, aws).status == "COMPLETED"


def test_b20_unknown_words_and_members_are_kept_said_once_and_harm_nothing(drs, aws, running, caplog):
    def strange(answer):
        for job in jobs(answer):
            job |= {"initiatedBy": f"A_NEW_DOOR_{job['jobID']}", "newMember": {"deep": [1]}}
        for server in servers(answer):
            server["warp"] = 9

    def log_strangely(answer):
        for item in answer["items"]:
            if item["event"] == "LAUNCH_START":
                item["event"] = "LAUNCH_TELEPORTED"

    drs.alter("DescribeJobs", strange)
    drs.alter("DescribeJobLogItems", log_strangely)
    caplog.set_level(logging.WARNING, "drsorch.aws")

    assert run(running, aws).status == "COMPLETED"
    warnings = [record.getMessage() for record in caplog.records if "A_NEW_DOOR" in record.getMessage()]
    assert len(warnings) == 1
    assert JobEvent.objects.filter(event="LAUNCH_TELEPORTED").exists()


# B.2, B.6: success is what servers say, and failures can come late.


def test_b2_a_job_that_completes_with_failed_servers_is_no_success(drs, aws, running):
    first, _ = ServerRun.objects.all()
    drs.alter("DescribeJobs", says("FAILED", first.source_server_id))

    assert run(running, aws).status == "PARTIAL"
    assert statuses() == ["FAILED", "LAUNCHED"]


def test_b6_a_server_that_fails_after_it_was_launched_has_failed(drs, aws, running):
    drs.alter("DescribeJobs", lives)
    step()
    assert statuses() == ["LAUNCHED", "LAUNCHED"]
    first, _ = ServerRun.objects.all()

    drs.alter("DescribeJobs", says("FAILED", first.source_server_id))
    step()

    first.refresh_from_db()
    assert statuses() == ["FAILED", "LAUNCHED"]
    assert (first.error, first.launched_at, first.check_result) == (NO_REASON, None, "NONE")
    assert first.recovery_instance_id  # it may still run and cost money
    assert run(running, aws).status == "PARTIAL"


# A.c, B.1: a retry is another job; what the first one says is no longer about the server.


def test_b1_what_an_earlier_job_says_is_not_about_a_server_that_is_launched_anew(drs, aws, running):
    drs.alter("DescribeJobs", says("FAILED"))
    step()
    assert statuses() == ["FAILED", "FAILED"]
    wave = running.waves.get()
    wave.launches.update(status="DONE")
    ServerRun.objects.update(launch_status="PENDING", ended_at=None, error="", attempt=2)
    Job.objects.update(log_read_at=None)  # still asked about
    Poller.objects.update(next_poll_at=timezone.now())

    poll.poll(Poller.objects.get().pk)

    assert not ServerRun.objects.filter(launch_status="FAILED").exists()


# B.9, B.10: every member is optional, and lists are emptied.


def bare(answer):
    """Leave what cannot be missing."""
    answer["items"] = [{"jobID": job["jobID"], "status": job["status"]} for job in jobs(answer)]


def test_b9_a_job_with_nothing_but_its_id_and_status_is_followed_to_its_end(drs, aws, running):
    drs.alter("DescribeJobs", bare)

    assert run(running, aws).status == "COMPLETED"


def test_b9_log_items_without_a_time_data_or_server_are_kept(drs, aws, running):
    def strip(answer):
        answer["items"] = [{"event": item["event"]} for item in answer["items"]]

    drs.alter("DescribeJobLogItems", strip)

    assert run(running, aws).status == "COMPLETED"
    assert JobEvent.objects.filter(at=None, event="JOB_END").count() == 1


def test_b10_a_completed_launch_whose_servers_vanish_from_the_job_is_counted_from_its_instances(drs, aws, running):
    def emptied(answer):
        for job in jobs(answer):
            job["participatingServers"] = []

    drs.alter("DescribeJobs", emptied)

    assert run(running, aws).status == "COMPLETED"
    assert all(row.recovery_instance_id for row in ServerRun.objects.all())


def test_b10_a_completed_termination_without_servers_is_proved_by_instances(aws, done, olga):
    aws.settings(visibility={"empty_finished_terminate_jobs": True})
    services.terminate_instances(execution=done, actor=olga)
    for _ in range(4):
        step()
        aws.advance(120)

    done.refresh_from_db()
    assert done.instances_terminated
    assert statuses() == ["TERMINATED", "TERMINATED"]


def test_b10_an_instance_of_another_job_is_not_taken_for_ours(drs, aws, running):
    def older(answer):
        for instance in answer["items"]:
            instance["jobID"] = "drsjob-00000000000000001"

    drs.alter("DescribeRecoveryInstances", older)
    for _ in range(2):
        step()

    assert statuses() == ["IN_PROGRESS", "IN_PROGRESS"]
    assert not ServerRun.objects.exclude(recovery_instance_id="").exists()


# A.m: the log is progress, never the truth; it comes twice and in any order.


def test_am_log_items_that_come_twice_and_in_any_order_are_kept_once_and_steps_never_go_back(drs, aws, drill):
    tick(drill)
    aws.advance(200)

    def shuffled(answer):
        answer["items"] = [*reversed(answer["items"]), *answer["items"]]

    drs.alter("DescribeJobLogItems", shuffled)
    step()
    steps = {row.step for row in ServerRun.objects.all()}
    events = JobEvent.objects.count()
    drs.alter("DescribeJobLogItems", lambda answer: answer.update(items=answer["items"][:1]))
    step()

    assert {row.step for row in ServerRun.objects.all()} == steps
    assert JobEvent.objects.count() == events == JobEvent.objects.values("digest").distinct().count()


def test_am_a_log_that_says_that_all_went_well_launches_nothing(drs, aws, running):
    drs.alter("DescribeJobs", lambda answer: (lives(answer), says("PENDING")(answer)))
    step()

    assert JobEvent.objects.filter(event="JOB_END").exists()
    assert statuses() == ["PENDING", "PENDING"]


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
    assert (job.type, job.account.account_id, job.region) == ("LAUNCH", "222222222222", REGION)


# Times come in two forms.


@pytest.mark.parametrize("ending", ["Z", "+00:00"])
def test_times_are_read_in_both_forms(drs, aws, running, ending):
    def rewritten(answer):
        for item in answer["items"]:
            item["logDateTime"] = item["logDateTime"].removesuffix("Z").removesuffix("+00:00") + ending

    drs.alter("DescribeJobLogItems", rewritten)
    step()

    assert JobEvent.objects.exists()
    assert not JobEvent.objects.filter(at=None).exists()
    assert Poller.objects.get().last_error == ""


def test_a_job_created_by_a_clock_ahead_of_ours_is_asked_about_at_once(drs, aws, drill):
    tick(drill)
    Job.objects.update(created_at=timezone.now() + timedelta(hours=1))
    aws.advance(LATE)

    assert run(drill, aws).status == "COMPLETED"
