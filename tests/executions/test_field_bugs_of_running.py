"""What broke in a similar system while executions ran: each bug by its letter or number, and the rule that holds here.

Bugs 21 and 22 are DRS's own ways with staging accounts and launch templates: the local endpoint has them, see
tests/simulator/test_operations_staging.py and test_operations_launch.py.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from django.urls import reverse
from django.utils import timezone

from drsorch.errors import Conflict
from executions import crash, services
from executions.models import Execution, Gate, Job, Launch, Poller, ServerRun, WaveRun
from executions.poll import poll
from executions.states import ACTIVE, OPEN_SERVER, TERMINAL, TERMINAL_WAVE, ExecutionStatus
from tests import factories
from tests.executions.conftest import Death
from tests.executions.driving import due_now, problems, run, sentences, step, tick

pytestmark = pytest.mark.django_db
READS = ("Describe", "Get", "List", "Simulate", "AssumeRole")
PRODUCT = ("drsorch", "protection", "plans", "executions")


@pytest.fixture
def running(two_waves, olga):
    """A drill of two waves whose first job runs."""
    return tick(services.start_execution(plan=two_waves, actor=olga))


def test_a_a_stuck_conversion_is_not_polled_for_a_year(aws, drill):
    aws.fault(kind="job_stuck", times=1)
    tick(drill)
    wave = drill.waves.get()
    WaveRun.objects.filter(pk=wave.pk).update(started_at=timezone.now() - timedelta(minutes=61))
    tick(drill)
    wave.refresh_from_db()
    assert wave.outcome == "FAILED"
    assert wave.reason.startswith("Wave 1 timed out after 60 minutes.")

    WaveRun.objects.filter(pk=wave.pk).update(started_at=timezone.now() - timedelta(hours=6))
    tick(drill)
    assert Gate.objects.get().kind == "ENDLESS"


def test_a_c_a_failed_server_does_not_orphan_those_that_are_still_launched(aws, two_waves, olga):
    running = services.start_execution(plan=two_waves, actor=olga)
    bad, good = running.waves.first().servers.all()
    aws.fail_server("222222222222", "us-east-1", bad.source_server_id, at="SNAPSHOT")

    run(running, aws)

    good.refresh_from_db()
    assert (good.launch_status, bool(good.recovery_instance_id)) == ("LAUNCHED", True)
    assert running.status == "PARTIAL"


def test_a_d_a_single_error_in_a_poll_fails_nothing(aws, running):
    aws.fault(kind="error_before", operation="DescribeJobs", times=5)

    assert run(running, aws).status == "COMPLETED", sentences(running)


def test_a_l_after_a_crash_between_the_start_and_its_record_the_job_is_found_again(aws, drill, die_at):
    die_at("call answered")
    due_now()
    with pytest.raises(Death):
        tick(drill)
    assert Launch.objects.get().status == "INTENT"

    assert run(drill, aws).status == "COMPLETED", sentences(drill)
    assert Launch.objects.get().adopted
    assert not problems(aws)


def test_a_g_a_k_an_execution_changes_no_launch_setting_so_that_none_can_fail_or_reach_the_wrong_account(
    aws, drill, olga
):
    aws.reset_requests()
    run(drill, aws)
    services.terminate_instances(execution=drill, actor=olga)
    run(drill, aws)

    asked = {operation.rpartition(".")[2] for operation in aws.requests()["total"]}
    changing = {operation for operation in asked if not operation.startswith(READS)}
    assert changing == {"StartRecovery", "TerminateRecoveryInstances"}


def test_1_a_wave_is_one_start_for_each_account_and_region_not_one_for_each_server(aws, ada, olga, place):
    groups = [factories.group(ada, place, region=region) for region in ("us-east-1", "us-west-2")]
    plan = factories.plan(ada, *groups, name="Both", w2={"depends_on": ()})
    drill = services.start_execution(plan=plan, actor=olga)

    run(drill, aws)

    assert [len(job["servers"]) for job in aws.jobs()] == [2, 2]


def test_3_the_next_wave_starts_only_from_the_committed_end_of_the_one_before(aws, running):
    for _ in range(30):
        step()
        first, second = running.waves.all()
        if second.status != "PENDING":
            break
        assert len(aws.jobs()) == 1
        aws.advance(100)

    assert first.status == "COMPLETED"
    assert second.started_at >= first.ended_at


def test_13_a_resume_and_a_poll_at_the_same_time_overwrite_nothing_of_each_other(aws, running, olga):
    services.pause_execution(execution=running, actor=olga)
    stale = Execution.objects.get(pk=running.pk)
    run(running, aws)
    launched = set(ServerRun.objects.filter(launch_status="LAUNCHED").values_list("pk", flat=True))

    services.resume_execution(execution=stale, actor=olga)
    for job in Job.objects.all():
        poll(job.account.pollers.get(region=job.region).pk)

    assert set(ServerRun.objects.filter(launch_status="LAUNCHED").values_list("pk", flat=True)) == launched
    assert run(running, aws).status == "COMPLETED"


def test_13_a_job_that_was_given_up_while_drs_was_asked_about_it_stays_ended(aws, running, monkeypatch):
    given_up_at = timezone.now()

    def give_up(point):
        if point == "poll answered":
            Job.objects.update(ended_at=given_up_at)

    monkeypatch.setattr(crash, "hook", give_up)
    due_now()
    poll(Poller.objects.get().pk)

    job = Job.objects.get()
    assert job.polled_at > given_up_at
    assert job.ended_at == given_up_at


def test_14_an_execution_that_has_ended_has_only_waves_and_servers_that_have_ended(aws, running, olga):
    services.cancel_execution(execution=running, actor=olga)
    run(running, aws)

    assert running.status in TERMINAL
    assert not running.waves.exclude(status__in=TERMINAL_WAVE).exists()
    assert not ServerRun.objects.filter(launch_status__in=OPEN_SERVER).exists()
    assert {offer.action for offer in services.offers(running, olga) if offer.allowed} == {"terminate"}


def test_15_instances_are_terminated_when_aws_says_so_not_when_somebody_asked(aws, done, olga):
    services.terminate_instances(execution=done, actor=olga)
    tick(done)

    done.refresh_from_db()
    assert done.termination.done_at is None
    assert not done.instances_terminated


@pytest.mark.parametrize("status", sorted(ExecutionStatus))
def test_16_every_action_is_offered_or_says_why_not(drill, olga, status):
    ended_at = None if status in ACTIVE else timezone.now()
    Execution.objects.filter(pk=drill.pk).update(status=status, ended_at=ended_at)
    drill.refresh_from_db()

    for offer in services.offers(drill, olga):
        assert offer.allowed or offer.reason.endswith("."), offer


def test_17_nothing_in_the_product_makes_a_client_of_its_own():
    for package in PRODUCT:
        for path in Path(project.BASE_DIR, package).rglob("*.py"):
            makes = [word for word in ("boto3.client(", "boto3.resource(") if word in path.read_text()]
            assert not makes, f"{path} makes a client without an account"


def test_23_every_status_that_has_not_ended_counts_as_active_and_holds_its_servers(drill, ada, olga):
    other = factories.plan(ada, drill.plan.waves.get().groups.get(), name="Other")
    for status in ACTIVE:
        Execution.objects.filter(pk=drill.pk).update(status=status)
        assert Execution.objects.active().filter(pk=drill.pk).exists()
        with pytest.raises(Conflict, match="in use by"):
            services.start_execution(plan=other, actor=olga)


def test_24_a_resume_carries_nothing_but_the_execution_and_goes_on_from_the_database(aws, running, olga):
    services.pause_execution(execution=running, actor=olga)
    run(running, aws)
    assert running.status == "PAUSED"

    services.resume_execution(execution=Execution.objects.only("pk").get(), actor=olga)

    assert run(running, aws).status == "COMPLETED", sentences(running)


def test_25_no_page_asks_aws(aws, client, running, olga):
    client.force_login(olga.user)
    aws.reset_requests()

    for url in (
        reverse("executions:detail", args=[running.pk]),
        reverse("executions:list"),
        reverse("executions:start", args=[running.plan_id]),
        reverse("plans:detail", args=[running.plan_id]),
    ):
        assert client.get(url).status_code == 200

    assert aws.requests()["total"] == {}
