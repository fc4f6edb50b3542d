"""Waves that do not depend on each other run at the same time when the plan says so; waits and pauses between them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from executions import services
from executions.models import WaveRun
from plans import services as plans
from plans.definition import WaveDefinition
from tests import factories
from tests.executions.driving import problems, run, sentences, step, tick

pytestmark = pytest.mark.django_db


def start(ada, olga, place, *waves, parallel=True):
    """A drill of db, app and web; `waves` are the definitions of the three."""
    tiers = ("db", "app", "web")
    definitions = [
        WaveDefinition(tier, (factories.group(ada, place, tier).pk,), **({"checks": "NONE"} | wave))
        for tier, wave in zip(tiers, waves, strict=True)
    ]
    plan = plans.create_plan(actor=ada, name="Graph", waves=definitions, parallel_waves=parallel)
    return services.start_execution(plan=plan, actor=olga)


def statuses(execution):
    return [wave.status for wave in execution.waves.all()]


FREE = ({}, {"depends_on": ()}, {"depends_on": (1, 2)})


def test_independent_waves_run_at_the_same_time_and_the_one_that_needs_both_after_them(aws, place, ada, olga):
    drill = start(ada, olga, place, *FREE)

    tick(drill)
    assert len(aws.jobs()) == 2
    assert statuses(drill)[2] == "PENDING"

    run(drill, aws)
    assert drill.status == "COMPLETED", sentences(drill)
    first, second, third = drill.waves.all()
    assert third.started_at >= max(first.ended_at, second.ended_at)
    assert not problems(aws)


def test_without_the_setting_they_run_one_at_a_time_in_the_order_of_their_numbers(aws, place, ada, olga):
    drill = start(ada, olga, place, *FREE, parallel=False)

    tick(drill)
    assert len(aws.jobs()) == 1

    run(drill, aws)
    first, second, third = drill.waves.all()
    assert first.ended_at <= second.started_at <= second.ended_at <= third.started_at


def test_a_failure_that_stops_the_plan_skips_what_has_not_started_and_follows_what_runs(aws, place, ada, olga):
    drill = start(ada, olga, place, *FREE)
    aws.fail_server("222222222222", "us-east-1", drill.waves.first().servers.first().source_server_id, at="SNAPSHOT")

    run(drill, aws)

    assert statuses(drill) == ["FAILED", "COMPLETED", "SKIPPED"]
    assert drill.status == "PARTIAL"


def test_a_failure_that_lets_the_plan_continue_starts_the_next_wave(aws, place, ada, olga):
    drill = start(ada, olga, place, {"on_failure": "CONTINUE"}, {}, {}, parallel=False)
    aws.fail_server("222222222222", "us-east-1", drill.waves.first().servers.first().source_server_id)

    run(drill, aws)

    assert statuses(drill) == ["FAILED", "COMPLETED", "COMPLETED"]
    assert (drill.status, drill.status_reason) == ("PARTIAL", "5 of 6 servers launched.")


def test_a_wave_waits_so_many_seconds_after_the_success_of_the_one_before(aws, place, ada, olga):
    drill = start(ada, olga, place, {"wait_seconds": 90}, {}, {}, parallel=False)
    while statuses(drill)[0] != "COMPLETED":
        step()
        aws.advance(200)
    tick(drill)

    first = drill.waves.first()
    assert statuses(drill)[1] == "PENDING"
    assert drill.next_tick_at <= first.ended_at + timedelta(seconds=90)

    WaveRun.objects.filter(pk=first.pk).update(ended_at=timezone.now() - timedelta(seconds=91))
    tick(drill)
    assert statuses(drill)[1] in {"INITIATED", "POLLING"}


def test_the_plan_stops_after_a_wave_until_a_person_resumes(aws, place, ada, olga):
    drill = start(ada, olga, place, {"pause_after": True}, {}, {}, parallel=False)

    run(drill, aws)
    assert drill.status == "PAUSED"
    assert drill.status_reason.startswith("The plan stops after wave 1, db.")
    assert statuses(drill) == ["COMPLETED", "PENDING", "PENDING"]

    services.resume_execution(execution=drill, actor=olga)
    run(drill, aws)
    assert drill.status == "COMPLETED", sentences(drill)


def test_a_pause_after_the_last_wave_asks_nobody(aws, place, ada, olga):
    drill = start(ada, olga, place, {}, {}, {"pause_after": True}, parallel=False)

    assert run(drill, aws).status == "COMPLETED"


def test_a_question_about_one_wave_holds_only_those_that_wait_for_it(aws, place, ada, olga):
    drill = start(ada, olga, place, {"pause_after": True}, {"depends_on": ()}, {"depends_on": (1,)})

    for _ in range(20):
        step()
        drill.refresh_from_db()
        if drill.status == "PAUSED":
            break
        aws.advance(200)

    assert statuses(drill) == ["COMPLETED", "COMPLETED", "PENDING"]
    services.resume_execution(execution=drill, actor=olga)
    assert run(drill, aws).status == "COMPLETED"


def test_a_pause_on_request_holds_new_waves_while_others_run_on(aws, place, ada, olga):
    drill = start(ada, olga, place, {}, {"depends_on": ()}, {"depends_on": (1,)})
    tick(drill)
    services.pause_execution(execution=drill, actor=olga)

    run(drill, aws)
    for _ in range(20):
        if statuses(drill)[1] == "COMPLETED":
            break
        aws.advance(200)
        step()

    drill.refresh_from_db()
    assert drill.status == "PAUSED"
    assert statuses(drill) == ["COMPLETED", "COMPLETED", "WAITING"]
    services.resume_execution(execution=drill, actor=olga)
    assert run(drill, aws).status == "COMPLETED"
