"""DRS runs so many jobs of an account and Region at once: launches queue for a free slot, fairly and visibly."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.aws import quotas
from executions import services, slots
from executions.models import Launch
from protection.models import AccountRegion
from tests import factories
from tests.executions.driving import due_now, problems, run, sentences, step, tick
from tests.executions.starting import recover

pytestmark = pytest.mark.django_db


def allow(**limits):
    """Let the places have these quotas, as Service Quotas said last."""
    codes = {"jobs": quotas.CONCURRENT_JOBS, "servers": quotas.SERVERS_IN_JOBS}
    known = {codes[name]: limit for name, limit in limits.items()}
    AccountRegion.objects.update(quotas=known, quotas_read_at=timezone.now())


@pytest.fixture
def plans(ada, place):
    """Three plans of one wave with two servers each, in one account and Region."""
    return [factories.plan(ada, factories.group(ada, place, tier), name=tier) for tier in ("db", "app", "web")]


@pytest.fixture
def three(plans, olga):
    """A drill of each plan, in the order of their start."""
    return [services.start_execution(plan=plan, actor=olga) for plan in plans]


@pytest.fixture
def queued(three):
    """The three where one job may run: the first has it, and the others wait for it."""
    allow(jobs=1)
    return [tick(drill) for drill in three]


def test_a_launch_without_a_free_slot_waits_and_says_so(aws, queued):
    _, second, third = queued

    assert len(aws.jobs()) == 1
    waiting = Launch.objects.get(wave__execution=second)
    assert (waiting.status, waiting.refusals) == ("PLANNED", 0)
    reason = "Waiting for a free DRS job slot in us-east-1 of Target (222222222222): 1 of 1 in use."
    assert waiting.reason == reason
    assert sentences(second)[-1] == reason
    assert Launch.objects.get(wave__execution=third).reason == f"{reason} 1 call is ahead in the queue."
    assert slots.waiting_at(waiting.account_id, waiting.region) == [second.pk, third.pk]


def test_slots_are_given_in_the_order_in_which_the_calls_came(aws, queued):
    first, second, third = queued
    run(first, aws)

    tick(third)
    assert Launch.objects.get(wave__execution=third).status == "PLANNED"
    tick(second)
    assert Launch.objects.get(wave__execution=second).status == "SENT"


def test_all_queued_executions_end_and_never_are_more_jobs_live_than_allowed(aws, three):
    allow(jobs=1)
    live = []
    for _ in range(80):
        step()
        live.append(sum(job["status"] != "COMPLETED" for job in aws.jobs()))
        for drill in three:
            drill.refresh_from_db()
        if not any(drill.is_active for drill in three):
            break
        aws.advance(300)

    assert {drill.status for drill in three} == {"COMPLETED"}
    assert max(live) == 1
    assert not problems(aws)
    assert not Launch.objects.exclude(queued_at=None).exists()


def test_the_servers_in_all_jobs_are_counted_too(aws, three):
    allow(servers=4)
    for drill in three:
        tick(drill)

    assert len(aws.jobs()) == 2
    assert Launch.objects.get(status="PLANNED").reason == (
        "Waiting for room in the DRS jobs of us-east-1 of Target (222222222222): 4 of 4 servers are in jobs, 2 more "
        "are wanted."
    )


def test_a_wave_larger_than_the_quota_is_tried_when_nothing_else_runs(aws, three):
    allow(servers=1)

    assert run(three[0], aws).status == "COMPLETED"


def test_a_recovery_comes_before_drills_that_wait(aws, plans, ada, olga):
    allow(jobs=1)
    _, drill = (tick(services.start_execution(plan=plan, actor=olga)) for plan in plans[:2])
    recovery = tick(recover(plans[2], ada))

    call = Launch.objects.get(wave__execution=drill)
    assert slots.waiting_at(call.account_id, call.region) == [recovery.pk, drill.pk]


def test_the_end_of_a_job_rings_the_one_that_waits_longest(aws, queued):
    _, second, _ = queued
    Launch.objects.exclude(queued_at=None).update(not_before=timezone.now() + timedelta(hours=1))

    for _ in range(20):
        aws.advance(300)
        step()
        if Launch.objects.filter(wave__execution=second, status="SENT").exists():
            break
    due_now()

    assert Launch.objects.get(wave__execution=second).status == "SENT"


def test_a_cancelled_execution_leaves_the_queue(aws, queued, olga):
    _, second, third = queued

    services.cancel_execution(execution=second, actor=olga)
    tick(second)

    assert second.status == "CANCELLED"
    call = Launch.objects.get(wave__execution=third)
    assert slots.waiting_at(call.account_id, call.region) == [third.pk]
