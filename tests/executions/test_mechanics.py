"""The engine's mechanics: claims, fences, leases, wake-ups, the sweep and the poller."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from drsorch.aws.drs_answers import Job as HeardJob
from executions import engine, poll, pollers, services, sweep
from executions.actions.begin import begin
from executions.decisions import actions as do
from executions.models import Event, Execution, Job, Launch, Poller, WaveRun
from executions.states import ACTIVE, TERMINAL, TERMINAL_WAVE, ExecutionStatus, WaveStatus
from executions.turn import PROBLEM, Stale, claim, wake
from plans.models import RecoveryPlan
from protection.models import SourceServer
from tests.executions.driving import due_now, run, sentences, step, tick

pytestmark = pytest.mark.django_db


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


def test_a_duplicate_tick_costs_one_query(drill, django_assert_num_queries):
    assert claim(drill.pk) is not None

    with django_assert_num_queries(1):
        engine.advance(drill.pk)


def test_a_duplicate_poll_costs_one_query(drill, django_assert_num_queries):
    tick(drill)
    due_now()
    poller = Poller.objects.get()
    assert poll._claim(poller.pk) is not None

    with django_assert_num_queries(1):
        poll.poll(poller.pk)


def test_a_tick_that_comes_too_early_does_nothing(drill, django_assert_num_queries):
    tick(drill)

    with django_assert_num_queries(1):
        engine.advance(drill.pk)


def test_a_worker_that_was_taken_over_changes_nothing(drill):
    stale = claim(drill.pk)
    due_now()
    fresh = claim(drill.pk)
    before = (Event.objects.count(), Execution.objects.values().get())

    with pytest.raises(Stale, match="taken over by another worker"):
        begin(stale, do.Begin())
    stale.release(None)

    assert (Event.objects.count(), Execution.objects.values().get()) == before
    begin(fresh, do.Begin())
    drill.refresh_from_db()
    assert drill.status == "INITIATED"


def test_a_worker_that_froze_while_claiming_does_not_take_the_fence_of_the_next(drill, monkeypatch):
    real, others = Execution.objects.due, []

    class Frozen:
        """The update has happened; until the row is read, the lease ends and somebody else claims."""

        def __init__(self, rows):
            self.rows = rows

        def filter(self, **which):
            return Frozen(self.rows.filter(**which))

        def update(self, **changes):
            done = self.rows.update(**changes)
            monkeypatch.setattr(Execution.objects, "due", real)
            due_now()
            others.append(claim(drill.pk))
            return done

    monkeypatch.setattr(Execution.objects, "due", lambda now: Frozen(real(now)))

    assert claim(drill.pk) is None
    assert others[0].fence == 2


def test_a_worker_that_lost_its_lease_stops_quietly(drill, monkeypatch):
    def lose(turn, action):
        Execution.objects.filter(pk=drill.pk).update(fence=99)
        with turn.record():
            pytest.fail("Somebody else's execution was changed.")

    monkeypatch.setitem(engine.DOES, do.Begin, lose)

    tick(drill)
    assert (drill.status, drill.fence) == ("PENDING", 99)


def test_a_wake_up_that_comes_during_a_tick_is_not_lost(drill):
    tick(drill)
    due_now()
    turn = claim(drill.pk)
    wake([drill.pk])
    OrmQ.objects.all().delete()

    turn.release(timezone.now() + timedelta(hours=1))

    drill.refresh_from_db()
    assert drill.next_tick_at <= timezone.now()
    assert drill.lease_until is None
    assert OrmQ.objects.count() == 1  # rung for at once


def test_a_tick_that_waits_says_when_it_wants_to_be_woken(drill):
    tick(drill)

    assert timedelta(seconds=20) < drill.next_tick_at - timezone.now() < timedelta(seconds=31)
    assert drill.lease_until is None


def test_an_unforeseen_problem_is_said_once_and_tried_again_after_the_lease(drill, aws, monkeypatch):
    def stumble(turn, action):
        raise ZeroDivisionError("unforeseen")

    with monkeypatch.context() as broken:
        broken.setitem(engine.DOES, do.StartWave, stumble)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                tick(drill)

    drill.refresh_from_db()
    assert drill.lease_until > timezone.now() + timedelta(seconds=50)
    [said] = drill.events.filter(what=PROBLEM)
    assert said.sentence == (
        "The engine met an unforeseen problem (ZeroDivisionError). It tries again in a minute. "
        "The worker's log says what happened."
    )
    assert run(drill, aws).status == "COMPLETED"


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


def execution_of(status, ended_at):
    return Execution(
        plan_name="Any", plan_version=1, mode="DRILL", initiator="olga", source="UI", status=status, ended_at=ended_at
    )


@pytest.mark.parametrize("status", ExecutionStatus)
def test_the_database_agrees_which_statuses_are_ends(db, status):
    right, wrong = (timezone.now(), None) if status in TERMINAL else (None, timezone.now())

    execution_of(status, right).validate_constraints(exclude=["plan"])
    with pytest.raises(Exception, match="ended_at_set_if_and_only_if_terminal"):
        execution_of(status, wrong).validate_constraints(exclude=["plan"])


@pytest.mark.parametrize("status", WaveStatus)
def test_the_database_agrees_which_wave_statuses_are_ends(db, status):
    execution = execution_of("PENDING", None)
    execution.save()
    right, wrong = (timezone.now(), None) if status in TERMINAL_WAVE else (None, timezone.now())

    def wave(ended_at):
        return WaveRun(execution=execution, number=1, name="A", timeout_minutes=60, status=status, ended_at=ended_at)

    wave(right).validate_constraints()
    with pytest.raises(Exception, match="wave_ended_at_set_if_and_only_if_terminal"):
        wave(wrong).validate_constraints()


def test_a_plan_has_one_active_execution(drill):
    plan = RecoveryPlan.objects.get(pk=drill.plan_id)
    for status in ExecutionStatus:
        twin = execution_of(status, timezone.now() if status in TERMINAL else None)
        twin.plan = plan
        if status in ACTIVE:
            with pytest.raises(Exception, match="This plan is already running"):
                twin.validate_constraints()
        else:
            twin.validate_constraints()


def test_a_status_that_was_changed_by_someone_else_is_not_changed(drill):
    other = Execution.objects.get(pk=drill.pk)
    tick(drill)

    with pytest.raises(Exception, match="was changed by someone else"):
        other.move_to("FAILED", by="ada", note="Late.")
    assert "Late." not in sentences(drill)


def test_services_ask_aws_for_nothing_but_the_start(aws, two_waves, olga):
    execution = tick(services.start_execution(plan=two_waves, actor=olga))
    aws.reset_requests()

    services.pause_execution(execution=execution, actor=olga)
    services.cancel_execution(execution=execution, actor=olga)

    assert aws.requests()["total"] == {}


def test_a_wave_of_more_than_a_hundred_servers_is_planned_as_several_calls(place, drill):
    wave = drill.waves.get()
    known = wave.servers.first()
    extra = SourceServer.objects.bulk_create(
        SourceServer(
            account=place,
            region="us-east-1",
            source_server_id=f"s-{number:017x}",
            hostname=f"x{number}",
            synced_at=timezone.now(),
        )
        for number in range(120)
    )
    wave.servers.bulk_create(
        type(known)(
            wave=wave, server=row, account=place, region=row.region, source_server_id=row.source_server_id, name="x"
        )
        for row in extra
    )
    turn = claim(drill.pk)
    begin(turn, do.Begin())

    engine.DOES[do.StartWave](turn, do.StartWave(wave.pk))

    assert sorted(launch.servers.count() for launch in Launch.objects.all()) == [22, 100]
