"""The engine's mechanics: claims, fences, leases and wake-ups."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from executions import engine, services
from executions.actions.begin import begin
from executions.decisions import actions as do
from executions.models import Event, Execution, Launch
from executions.turn import PROBLEM, Stale, claim, wake
from protection.models import SourceServer
from tests.executions.driving import due_now, run, sentences, tick

pytestmark = pytest.mark.django_db


def test_a_duplicate_tick_costs_one_query(drill, django_assert_num_queries):
    assert claim(drill.pk) is not None

    with django_assert_num_queries(1):
        engine.advance(drill.pk)


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
