"""The heartbeat and the schedules in the database."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule

from drsorch.queue.models import WorkerHeartbeat, beat, forget_dead_workers, worker_age
from drsorch.queue.schedules import ensure_schedules

pytestmark = pytest.mark.django_db

SWEEP = {"name": "Sweep", "func": "executions.tasks.sweep", "minutes": 1}


def seen(name, seconds_ago):
    WorkerHeartbeat.objects.create(name=name, host=name, pid=1, beat_at=timezone.now() - timedelta(seconds=seconds_ago))


def test_no_worker_ever_ran():
    assert worker_age() is None


def test_the_age_is_that_of_the_worker_seen_last():
    seen("a", 90)
    seen("b", 16)
    assert timedelta(seconds=15.9) < worker_age() < timedelta(seconds=20)


def test_a_clock_that_runs_ahead_does_not_make_a_negative_age():
    seen("a", -60)
    assert worker_age() == timedelta()


def test_a_beat_updates_the_one_row_of_its_worker(django_assert_num_queries):
    seen("a", 90)
    with django_assert_num_queries(1):
        beat(name="a", host="a", pid=2)
    row = WorkerHeartbeat.objects.get()
    assert row.pid == 2
    assert worker_age() < timedelta(seconds=5)


def test_hosts_that_are_gone_for_a_day_are_forgotten():
    seen("old", 25 * 3600)
    seen("new", 23 * 3600)
    forget_dead_workers()
    assert WorkerHeartbeat.objects.get().name == "new"


def test_schedules_are_created_once():
    ensure_schedules([SWEEP])
    ensure_schedules([SWEEP])
    schedule = Schedule.objects.get()
    assert (schedule.name, schedule.func, schedule.minutes) == ("Sweep", "executions.tasks.sweep", 1)
    assert (schedule.schedule_type, schedule.repeats) == (Schedule.MINUTES, -1)


def test_a_changed_schedule_is_corrected_and_keeps_its_next_run():
    due = timezone.now() + timedelta(seconds=42)
    Schedule.objects.create(name="Sweep", func="gone.away", schedule_type=Schedule.DAILY, repeats=0, next_run=due)
    ensure_schedules([SWEEP])
    schedule = Schedule.objects.get()
    assert (schedule.func, schedule.schedule_type, schedule.repeats) == (SWEEP["func"], Schedule.MINUTES, -1)
    assert schedule.next_run == due


def test_duplicates_are_removed_and_other_schedules_left_alone():
    for name in ("Sweep", "Sweep", "Mine"):
        Schedule.objects.create(name=name, func="x.y")
    ensure_schedules([SWEEP])
    assert sorted(Schedule.objects.values_list("name", flat=True)) == ["Mine", "Sweep"]
