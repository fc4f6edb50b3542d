"""History goes when its time is over, and never what AWS may still have something of."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from drsorch.audit.models import AuditEvent
from drsorch.config.services import update_settings
from executions import retention, tasks
from executions.models import Event, Execution, Job, JobEvent, Launch, ServerAttempt, ServerRun, WaveRun
from executions.services.delete import settled
from protection.services import register_account
from tests import factories

pytestmark = pytest.mark.django_db
DEFAULTS = {"drill_days": 100, "recovery_days": 300, "timeline_days": 100, "job_log_days": 100}


@pytest.fixture
def account(ada):
    """An account; nothing asks AWS."""
    return register_account(actor=ada, account_id=factories.HUB, name="Hub", regions=[factories.REGION])


@pytest.fixture
def keep(ada):
    """Set for how many days history is kept."""

    def set_days(**days):
        update_settings(actor=ada, version=None, **(DEFAULTS | days))

    set_days()
    return set_days


@pytest.fixture
def run(account):
    """Make an execution that ended so many days ago, with one server, its job, a line of its log and a timeline."""

    def make(days, mode="DRILL", **server):
        ended_at = timezone.now() - timedelta(days=days)
        ended = {"status": "COMPLETED", "ended_at": ended_at}
        execution = Execution.objects.create(plan_name="Shop", plan_version=1, mode=mode, source="UI", **ended)
        wave = WaveRun.objects.create(execution=execution, number=1, name="w", timeout_minutes=60, **ended)
        facts = {"launch_status": "TERMINATED", "recovery_instance_id": "i-1", "ended_at": ended_at} | server
        ServerRun.objects.create(wave=wave, account=account, region=factories.REGION, name="db-1", **facts)
        job = Job.objects.create(
            account=account, region=factories.REGION, job_id=f"drsjob-{execution.short_id}", type="LAUNCH",
            status="COMPLETED", created_at=ended_at, ended_at=ended_at,
        )  # fmt: skip
        Launch.objects.create(
            wave=wave, account=account, region=factories.REGION, status="DONE", job=job, intended_at=ended_at
        )
        JobEvent.objects.create(job=job, event="LAUNCH_END", digest="1")
        execution.say("Started.", by="ada", what="started")
        return execution

    return make


def left():
    """What is left, by kind."""
    kinds = (Execution, Event, Job, JobEvent)
    return {kind.__name__: kind.objects.count() for kind in kinds}


def test_a_drill_goes_with_its_jobs_when_its_time_is_over_and_the_trail_says_so(run, keep):
    old, young = run(101), run(99)

    assert retention.apply_retention()

    assert list(Execution.objects.all()) == [young]
    assert left() == {"Execution": 1, "Event": 1, "Job": 1, "JobEvent": 1}
    event = AuditEvent.objects.get(action="delete_execution")
    assert (event.actor, event.source, event.object_id) == ("schedule", "SCHEDULE", str(old.pk))


@pytest.mark.parametrize(
    "server",
    [
        {"launch_status": "LAUNCHED"},
        {"launch_status": "LAUNCHED", "recovery_instance_id": ""},
        {"launch_status": "FAILED"},
    ],
)
def test_what_may_still_run_in_aws_keeps_all_of_its_history(run, keep, server):
    run(5000, **server)

    assert retention.apply_retention()
    assert left() == {"Execution": 1, "Event": 1, "Job": 1, "JobEvent": 1}


def test_an_instance_of_an_earlier_attempt_counts_until_its_server_is_proven_gone(run, keep):
    execution = run(500, launch_status="FAILED", recovery_instance_id="")
    server = ServerRun.objects.get()
    ServerAttempt.objects.create(run=server, number=1, launch_status="FAILED", recovery_instance_id="i-0")
    assert not settled().exists()

    ServerRun.objects.update(launch_status="TERMINATED")
    assert list(settled()) == [execution]


@pytest.mark.parametrize("status", ["INTENT", "SENT", "LOST"])
def test_a_call_with_an_unknown_end_keeps_its_execution(run, keep, status):
    run(500)
    Launch.objects.update(status=status)

    retention.apply_retention()
    assert left()["Execution"] == 1


def test_a_recovery_younger_than_its_retention_loses_nothing(run, keep):
    run(299, mode="RECOVERY")

    retention.apply_retention()
    assert left() == {"Execution": 1, "Event": 1, "Job": 1, "JobEvent": 1}

    Execution.objects.update(ended_at=timezone.now() - timedelta(days=301))
    retention.apply_retention()
    assert left() == {"Execution": 0, "Event": 0, "Job": 0, "JobEvent": 0}


def test_timelines_and_logs_go_before_the_execution(run, keep):
    keep(drill_days=400)
    run(101)

    assert retention.apply_retention()
    assert left() == {"Execution": 1, "Event": 0, "Job": 1, "JobEvent": 0}
    told = AuditEvent.objects.filter(actor="schedule").values_list("action", flat=True)
    assert sorted(told) == ["clear_job_log", "clear_timeline"]

    retention.apply_retention()
    assert AuditEvent.objects.filter(actor="schedule").count() == 2


def test_an_execution_that_goes_on_is_left_alone(run, keep):
    run(101)
    Execution.objects.update(status="PAUSED", ended_at=None)

    retention.apply_retention()
    assert left() == {"Execution": 1, "Event": 1, "Job": 1, "JobEvent": 1}


def test_when_time_is_short_the_next_task_goes_on(run, keep, monkeypatch):
    run(101)
    OrmQ.objects.all().delete()
    assert not retention.apply_retention(seconds=0)

    monkeypatch.setattr(retention, "SECONDS", 0)
    monkeypatch.setattr(retention.apply_retention, "__defaults__", (0,))
    tasks.apply_retention()
    assert OrmQ.objects.count() == 1
    assert left()["Execution"] == 1


def test_each_execution_goes_in_a_transaction_of_its_own(run, keep, monkeypatch):
    run(102), run(101)
    deleted = []

    def failing(execution, actor):
        if deleted:
            raise RuntimeError("no")
        deleted.append(execution)
        Execution.objects.filter(pk=execution.pk).delete()

    monkeypatch.setattr(retention, "delete_execution", failing)
    with pytest.raises(RuntimeError):
        retention.apply_retention()
    assert Execution.objects.count() == 1


def test_the_task_is_scheduled(settings):
    assert "executions.tasks.apply_retention" in {entry["func"] for entry in settings.QUEUE_SCHEDULES}
