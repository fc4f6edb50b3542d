"""Free DRS job slots: who waits gets one in turn, as soon as a job has ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from executions import poll, services, slots
from executions.models import Execution, Launch, Poller, Termination
from tests import factories
from tests.executions.driving import tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(ada, place, olga, aws):
    """Three drills at one place: the first has a job that has ended in DRS, the others wait for a slot."""
    drills = []
    for tier in ("db", "app", "web"):
        plan = factories.plan(ada, factories.group(ada, place, tier), name=tier)
        drills.append(services.start_execution(plan=plan, actor=olga))
    tick(drills[0])
    for drill in drills[1:]:
        wave = drill.waves.get()
        wave.launches.create(account=place, region="us-east-1", queued_at=timezone.now(), not_before=soon())
    Execution.objects.update(next_tick_at=soon())
    aws.advance(1000)
    return drills


def soon():
    return timezone.now() + timedelta(hours=1)


def poll_now():
    Poller.objects.update(next_poll_at=timezone.now(), lease_until=None)
    poll.poll(Poller.objects.get().pk)


def is_woken(execution):
    execution.refresh_from_db()
    call = Launch.objects.get(wave__execution=execution)
    return execution.next_tick_at <= timezone.now() and call.not_before is None


def test_those_who_wait_stand_in_a_queue_and_recoveries_before_drills(three, place):
    _, second, third = three
    assert slots.waiting_at(place.pk, "us-east-1") == [second.pk, third.pk]
    assert slots.waiting_at(place.pk, "us-west-2") == []

    Execution.objects.filter(pk=third.pk).update(mode="RECOVERY")
    assert slots.waiting_at(place.pk, "us-east-1") == [third.pk, second.pk]

    Launch.objects.filter(wave__execution=third).update(status="ABANDONED")
    assert slots.waiting_at(place.pk, "us-east-1") == [second.pk]


def test_an_execution_with_several_calls_stands_in_the_queue_once(three, place):
    _, second, third = three
    wave = second.waves.get()
    wave.launches.create(account=place, region="us-east-1", queued_at=timezone.now())

    assert slots.waiting_at(place.pk, "us-east-1") == [second.pk, third.pk]


def test_a_termination_waits_in_the_same_queue(three, place):
    first, second, third = three
    termination = Termination.objects.create(execution=first, requested_by="olga")
    long_ago = timezone.now() - timedelta(hours=1)
    termination.calls.create(account=place, region="us-east-1", queued_at=long_ago)

    assert slots.waiting_at(place.pk, "us-east-1") == [first.pk, second.pk, third.pk]


def test_a_job_that_ends_wakes_the_one_who_waits_longest(three):
    _, second, third = three

    poll_now()

    assert is_woken(second)
    assert not is_woken(third)


def test_nobody_is_woken_while_no_job_ends(three, aws):
    aws.fault(kind="denied", operation="DescribeJobs")

    poll_now()

    assert not any(is_woken(execution) for execution in three[1:])
