"""What orchestrators of this kind have read wrongly in the field in answers that were bare, emptied, new or repeated.

Each test is named after what DRS did; what it says of jobs and servers is in test_field_bugs_of_polling.
"""

import logging

import pytest

from executions import services
from executions.models import Job, JobEvent, Poller, ServerRun
from tests.executions.altering import jobs, jobs_live, servers, servers_are
from tests.executions.driving import launch_statuses, run, step, tick

pytestmark = pytest.mark.django_db


# As the local endpoint does it for every reader.

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
def test_answers_that_are_late_empty_new_or_out_of_order_only_cost_time(aws, unheard, fault):
    aws.fault(service="drs", **fault)

    assert run(unheard, aws).status == "COMPLETED"
    assert launch_statuses() == ["LAUNCHED", "LAUNCHED"]
    assert all(row.recovery_instance_id for row in ServerRun.objects.all())


# A.n, B.20: words that the API model does not have.


def test_an_a_job_status_that_does_not_exist_neither_fails_nor_ends_anything(drs, aws, unheard, caplog):
    def failed(answer):
        for job in jobs(answer):
            job["status"] = "FAILED"

    drs.alter("DescribeJobs", failed)
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        step()
    unheard.refresh_from_db()
    assert (unheard.is_active, Job.objects.get().ended_at, Job.objects.get().status) == (True, None, "FAILED")
    assert launch_statuses() == ["LAUNCHED", "LAUNCHED"]

    drs.alterations.clear()
    assert run(unheard, aws).status == "COMPLETED"


def test_b20_unknown_words_and_members_are_kept_said_once_and_harm_nothing(drs, aws, unheard, caplog):
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

    assert run(unheard, aws).status == "COMPLETED"
    warnings = [record.getMessage() for record in caplog.records if "A_NEW_DOOR" in record.getMessage()]
    assert len(warnings) == 1
    assert JobEvent.objects.filter(event="LAUNCH_TELEPORTED").exists()


# B.9, B.10: every member is optional, and lists are emptied.


def bare(answer):
    """Leave what cannot be missing."""
    answer["items"] = [{"jobID": job["jobID"], "status": job["status"]} for job in jobs(answer)]


def test_b9_a_job_with_nothing_but_its_id_and_status_is_followed_to_its_end(drs, aws, unheard):
    drs.alter("DescribeJobs", bare)

    assert run(unheard, aws).status == "COMPLETED"


def test_b9_log_items_without_a_time_data_or_server_are_kept(drs, aws, unheard):
    def strip(answer):
        answer["items"] = [{"event": item["event"]} for item in answer["items"]]

    drs.alter("DescribeJobLogItems", strip)

    assert run(unheard, aws).status == "COMPLETED"
    assert JobEvent.objects.filter(at=None, event="JOB_END").count() == 1


def test_b10_a_completed_launch_whose_servers_vanish_from_the_job_is_counted_from_its_instances(drs, aws, unheard):
    def emptied(answer):
        for job in jobs(answer):
            job["participatingServers"] = []

    drs.alter("DescribeJobs", emptied)

    assert run(unheard, aws).status == "COMPLETED"
    assert all(row.recovery_instance_id for row in ServerRun.objects.all())


def test_b10_a_completed_termination_without_servers_is_proved_by_instances(aws, done, olga):
    aws.settings(visibility={"empty_finished_terminate_jobs": True})
    services.terminate_instances(execution=done, actor=olga)
    for _ in range(4):
        step()
        aws.advance(120)

    done.refresh_from_db()
    assert done.instances_terminated
    assert launch_statuses() == ["TERMINATED", "TERMINATED"]


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


def test_am_a_log_that_says_that_all_went_well_launches_nothing(drs, aws, unheard):
    drs.alter("DescribeJobs", lambda answer: (jobs_live(answer), servers_are("PENDING")(answer)))
    step()

    assert JobEvent.objects.filter(event="JOB_END").exists()
    assert launch_statuses() == ["PENDING", "PENDING"]


# Times come in two forms.


@pytest.mark.parametrize("ending", ["Z", "+00:00"])
def test_times_are_read_in_both_forms(drs, aws, unheard, ending):
    def rewritten(answer):
        for item in answer["items"]:
            item["logDateTime"] = item["logDateTime"].removesuffix("Z").removesuffix("+00:00") + ending

    drs.alter("DescribeJobLogItems", rewritten)
    step()

    assert JobEvent.objects.exists()
    assert not JobEvent.objects.filter(at=None).exists()
    assert Poller.objects.get().last_error == ""
