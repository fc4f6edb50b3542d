"""The sweep finds what was lost, and a poller asks for all jobs of a place at once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from drsorch.aws.drs_answers import Job as HeardJob
from executions import poll, pollers, sweep
from executions.models import Execution, Job, Launch, Poller
from executions.turn import claim
from tests.executions.driving import due_now, step, tick

pytestmark = pytest.mark.django_db


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


def test_the_sweep_finds_a_tick_that_was_lost(drill):
    OrmQ.objects.all().delete()
    Execution.objects.update(next_tick_at=ago(2))

    assert sweep.sweep() == 1
    assert OrmQ.objects.count() == 1


def test_the_sweep_finds_an_execution_whose_worker_died(drill):
    claim(drill.pk)
    assert sweep.sweep() == 0

    Execution.objects.update(next_tick_at=ago(2), lease_until=ago(2))
    assert sweep.sweep() == 1


def test_the_sweep_leaves_alone_what_is_not_due_or_waits_for_people(drill):
    Execution.objects.update(next_tick_at=timezone.now() + timedelta(seconds=5))
    assert sweep.sweep() == 0

    Execution.objects.update(next_tick_at=None)
    assert sweep.sweep() == 0


def test_the_sweep_does_not_flood_a_queue_that_is_blocked(drill):
    OrmQ.objects.all().delete()
    Execution.objects.update(next_tick_at=ago(2))
    for _ in range(5):
        sweep.sweep()
    assert OrmQ.objects.count() == 1

    Execution.objects.update(rung_at=ago(11))
    sweep.sweep()
    assert OrmQ.objects.count() == 2


def test_the_sweep_finds_a_poller_that_was_forgotten(drill):
    tick(drill)
    Poller.objects.update(next_poll_at=None)

    assert sweep.sweep() == 1
    assert Poller.objects.get().next_poll_at is not None


def test_the_sweep_finds_a_poll_that_was_lost(drill):
    tick(drill)
    Poller.objects.update(next_poll_at=ago(2))
    OrmQ.objects.all().delete()

    assert sweep.sweep() == 1


def test_a_duplicate_poll_costs_one_query(drill, django_assert_num_queries):
    tick(drill)
    due_now()
    poller = Poller.objects.get()
    assert poll._claim(poller.pk) is not None

    with django_assert_num_queries(1):
        poll.poll(poller.pk)


def test_a_poller_with_nothing_left_to_ask_about_rests(done):
    step()
    poller = Poller.objects.get()

    assert (poller.next_poll_at, poller.lease_until, poller.failures) == (None, None, 0)
    assert sweep.sweep() == 0


def test_a_new_job_brings_the_poll_forward(drill):
    tick(drill)
    Poller.objects.update(next_poll_at=timezone.now() + timedelta(seconds=60))

    pollers.ask_soon(drill.waves.get().launches.get().account_id, "us-east-1")

    assert Poller.objects.get().next_poll_at < timezone.now() + timedelta(seconds=3)


def test_a_poller_that_was_taken_over_writes_nothing(drill, aws, monkeypatch):
    tick(drill)
    aws.advance(2000)
    due_now()
    real = poll.ask

    def ask_and_lose(*args):
        Poller.objects.update(fence=99)
        return real(*args)

    monkeypatch.setattr(poll, "ask", ask_and_lose)
    poll.poll(Poller.objects.get().pk)

    assert Job.objects.get().ended_at is None


def test_a_poll_takes_executions_before_itself_as_the_engine_does_so_that_nobody_waits_in_a_circle(drill):
    tick(drill)
    due_now()

    with CaptureQueriesContext(connection) as queries:
        poll.poll(Poller.objects.get().pk)

    said = [query["sql"] for query in queries]
    execution = next(at for at, sql in enumerate(said) if 'WHERE "executions_execution"."id" IN' in sql)
    poller = next(at for at, sql in enumerate(said) if sql.startswith('UPDATE "executions_poller" SET "last_error"'))
    assert execution < poller


@pytest.mark.parametrize("count", [1, 50])
def test_a_poll_asks_once_however_many_jobs_there_are(aws, drill, count):
    tick(drill)
    launch = Launch.objects.get()
    wave = launch.wave
    for number in range(count - 1):
        other = Launch.objects.create(wave=wave, account=launch.account, region=launch.region)
        heard = HeardJob(f"drsjob-{number:017x}", "", "LAUNCH", "STARTED", "START_DRILL", timezone.now(), None, (), {})
        other.job = pollers.keep_job(other, heard)
        other.intended_at, other.status = timezone.now(), "SENT"
        other.save()
    aws.reset_requests()
    due_now()

    poll.poll(Poller.objects.get().pk)

    asked = aws.requests()["total"]
    assert asked["drs.DescribeJobs"] == 1
    assert asked["drs.DescribeJobLogItems"] <= 4
    assert Job.objects.count() == count
