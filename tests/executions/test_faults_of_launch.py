"""StartRecovery goes wrong in every way: said, never repeated blindly, and recovered when the fault ends."""

import pytest

from executions import services
from executions.models import Launch, ServerRun
from protection.models import TargetAccount
from tests import factories
from tests.executions.driving import let_settle, let_waits_pass, problems, run, sentences, start_outside, tick

pytestmark = pytest.mark.django_db


def started_calls(aws):
    return aws.requests()["total"].get("drs.StartRecovery", 0)


# Fault, status of the call right after it, words of the reason, jobs that exist right after it.
FAULTS = {
    "throttle": ({"kind": "throttle"}, "PLANNED", "slowed down by AWS", 0),
    "500 before": ({"kind": "error_before"}, "INTENT", "Looking for its job before sending again", 0),
    "503 after": ({"kind": "error_after", "status": 503}, "SENT", "", 1),
    "cut before": ({"kind": "cut_before"}, "INTENT", "Looking for its job before sending again", 0),
    "cut after": ({"kind": "cut_after"}, "SENT", "", 1),
    "answer too slow": ({"kind": "slow_after", "seconds": 1.5}, "SENT", "", 1),
    "conflict": ({"kind": "conflict"}, "PLANNED", "was refused by AWS (ConflictException)", 0),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_start_that_goes_wrong_leads_to_one_job(aws, drill, settings, name):
    fault, status, reason, jobs = FAULTS[name]
    settings.AWS_ONCE_READ_TIMEOUT_SECONDS = 1 if "seconds" in fault else 30
    aws.fault(operation="StartRecovery", times=1, **fault)

    tick(drill)

    launch = Launch.objects.get()
    assert (launch.status, len(aws.jobs()), started_calls(aws)) == (status, jobs, 1)
    assert reason in launch.reason
    assert drill.status in {"INITIATED", "POLLING"}

    tick(drill)
    assert started_calls(aws) == 1  # nothing is repeated before its time
    let_settle()
    run(drill, aws)
    assert drill.status == "COMPLETED", sentences(drill)
    assert problems(aws) == []
    if status != "SENT":
        assert any(launch.reason in line for line in sentences(drill))


def test_waits_grow_while_aws_says_not_now(aws, drill):
    aws.fault(kind="throttle", operation="StartRecovery")

    for _ in range(4):
        tick(drill)
        let_waits_pass()

    waits = [line.rpartition("Trying again in ")[2] for line in sentences(drill) if "Trying again" in line]
    assert waits == ["5 s.", "10 s.", "20 s.", "40 s."]
    assert ServerRun.objects.filter(launch_status="PENDING").count() == 2


def test_a_wave_waits_for_a_free_job_slot(aws, drill):
    aws.settings(quotas={"concurrent_jobs": 0})

    tick(drill)

    assert "ServiceQuotaExceededException" in Launch.objects.get().reason
    aws.settings(quotas={"concurrent_jobs": 20})
    let_waits_pass()
    assert run(drill, aws).status == "COMPLETED"


def test_a_clear_no_fails_the_servers_with_the_reason_of_aws(aws, drill):
    aws.fault(kind="denied", operation="StartRecovery")

    run(drill, aws)

    assert (drill.status, started_calls(aws), aws.jobs()) == ("FAILED", 1, [])
    assert Launch.objects.get().status == "ABANDONED"
    assert all("AccessDeniedException" in row.error for row in ServerRun.objects.all())
    assert drill.waves.get().status == "FAILED"


def test_an_ended_session_is_replaced_and_fails_nothing(aws, drill):
    aws.expire()

    tick(drill)
    assert Launch.objects.get().status == "PLANNED"
    let_waits_pass()

    assert run(drill, aws).status == "COMPLETED"
    assert problems(aws) == []


def test_sts_that_does_not_answer_postpones_the_call_and_does_not_run_hot(aws, drill):
    factories.forget_sessions()
    aws.reset_requests()
    aws.fault(kind="error_before", service="sts", operation="AssumeRole")

    tick(drill)

    assert Launch.objects.get().status == "PLANNED"
    assert "Trying again in 5 s." in Launch.objects.get().reason
    assert aws.requests()["total"]["sts.AssumeRole"] <= 6
    aws.clear_faults()
    let_waits_pass()
    assert run(drill, aws).status == "COMPLETED"


def test_a_role_that_refuses_us_meanwhile_fails_the_servers(aws, drill):
    factories.forget_sessions()
    aws.fault(kind="denied", service="sts", operation="AssumeRole")

    run(drill, aws)

    assert drill.status == "FAILED"
    assert all("AssumeRole" in row.error for row in ServerRun.objects.all())


def test_an_unreachable_endpoint_postpones_the_call(aws, drill, monkeypatch):
    factories.forget_sessions()
    with monkeypatch.context() as away:
        away.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        tick(drill)
    factories.forget_sessions()

    assert Launch.objects.get().status == "PLANNED"
    assert "could not be sent" in Launch.objects.get().reason
    assert drill.status == "INITIATED"
    let_waits_pass()
    assert run(drill, aws).status == "COMPLETED"


def test_a_call_is_not_made_after_its_deadline(aws, drill, settings):
    settings.ENGINE_SEND_WITHIN_SECONDS = -1

    tick(drill)

    assert started_calls(aws) == 0
    assert Launch.objects.get().status == "PLANNED"
    assert "it had to be sent by" in Launch.objects.get().reason


@pytest.mark.parametrize("tagged", [True, False])
def test_a_job_that_shows_late_is_waited_for_beyond_the_settle_window(aws, drill, tagged):
    TargetAccount.objects.update(tag_jobs=tagged)
    aws.fault(kind="job_invisible", seconds=300)
    aws.fault(kind="cut_after", operation="StartRecovery", times=1)
    tick(drill)
    assert Launch.objects.get().status == "INTENT"

    let_settle()
    tick(drill)  # nothing turned up: sent again, and refused, because the lost job has the servers
    tick(drill)
    assert Launch.objects.get().status == "INTENT"
    assert started_calls(aws) == 2

    aws.advance(300)
    let_waits_pass()
    tick(drill)
    assert (Launch.objects.get().status, Launch.objects.get().adopted) == ("SENT", True)
    assert run(drill, aws).status == "COMPLETED"
    assert problems(aws) == []


def test_without_tags_a_lost_job_is_found_by_its_servers(aws, drill):
    TargetAccount.objects.update(tag_jobs=False)
    aws.fault(kind="cut_after", operation="StartRecovery", times=1)

    run(drill, aws)

    assert drill.status == "COMPLETED"
    assert "drsorch:launch" not in aws.jobs()[0]["tags"]
    assert (started_calls(aws), Launch.objects.get().adopted, problems(aws)) == (1, True, [])


@pytest.mark.parametrize("tagged", [True, False])
def test_somebody_elses_job_for_the_same_servers_is_never_taken_for_ours(aws, place, drill, tagged):
    TargetAccount.objects.update(tag_jobs=tagged)
    theirs = start_outside(place, [row.source_server_id for row in ServerRun.objects.order_by("pk")]).job_id

    tick(drill)

    launch = Launch.objects.get()
    assert (launch.status, launch.job) == ("PLANNED", None)
    assert f"DRS job {theirs}, started by somebody else, has servers of the wave." in launch.reason
    aws.advance(1000)
    let_waits_pass()
    assert run(drill, aws).status == "COMPLETED"
    assert Launch.objects.get().job.job_id != theirs


def test_two_jobs_of_one_launch_stop_for_people(aws, drill, olga):
    two_jobs(aws, drill)

    assert drill.status == "PAUSED"
    question = drill.waves.get().gates.get()
    assert all(job["jobID"] in question.question for job in aws.jobs())
    assert Launch.objects.get().status == "INTENT"

    services.resume_execution(execution=drill, actor=olga)
    run(drill, aws)

    older, newer = aws.jobs()
    assert Launch.objects.get().job.job_id == newer["jobID"]
    assert drill.status == "COMPLETED", sentences(drill)
    assert any(f"{older['jobID']} was started for the same servers" in line for line in sentences(drill))


def test_who_cancels_has_answered_the_question_about_two_jobs(aws, drill, olga):
    two_jobs(aws, drill)

    services.cancel_execution(execution=drill, actor=olga)
    run(drill, aws)

    assert drill.status == "COMPLETED", sentences(drill)
    assert drill.waves.get().gates.get().answer == "CANCEL"


def two_jobs(aws, drill):
    """Lose the answer of a launch, and have its token turn up in a second job."""
    aws.fault(kind="job_invisible", seconds=900, times=1)
    aws.fault(kind="cut_after", operation="StartRecovery", times=1)
    tick(drill)
    launch = Launch.objects.get()
    aws.advance(800)
    servers = list(launch.servers.order_by("pk").values_list("source_server_id", flat=True))
    start_outside(launch.account, servers, tags={"drsorch:launch": launch.token})
    aws.advance(200)
    let_waits_pass()
    tick(drill)
