"""What polls cost is decided by places, never by how many executions run there."""

from collections import Counter

import pytest
from django.utils import timezone

from executions import poll, services
from executions.models import Job, Poller, ServerRun
from tests import factories
from tests.executions.driving import tick

pytestmark = pytest.mark.django_db

TIERS = ("db", "app", "web")


def start(count, ada, place, olga):
    """Start as many drills of one wave each, at one place."""
    for tier in TIERS[:count]:
        plan = factories.plan(ada, factories.group(ada, place, tier), name=tier)
        tick(services.start_execution(plan=plan, actor=olga))


def poll_now(times=1):
    for _ in range(times):
        Poller.objects.update(next_poll_at=timezone.now(), lease_until=None)
        poll.poll(Poller.objects.get().pk)


@pytest.mark.parametrize("count", [1, 3])
def test_polls_of_live_jobs_cost_the_same_however_many_there_are(aws, ada, place, olga, count):
    start(count, ada, place, olga)
    aws.advance(100)
    aws.reset_requests()

    poll_now(times=6)

    assert aws.requests()["total"] == {"drs.DescribeJobs": 6, "drs.DescribeJobLogItems": 6}
    assert Job.objects.live().count() == count


def test_the_logs_of_live_jobs_are_read_in_turns(aws, ada, place, olga):
    start(3, ada, place, olga)
    aws.advance(100)

    poll_now(times=3)

    assert all(job.log_read_at for job in Job.objects.all())
    assert not ServerRun.objects.filter(step="").exists()


@pytest.mark.parametrize("count", [1, 3])
def test_a_poll_that_sees_jobs_end_costs_the_same_however_many_there_are(aws, ada, place, olga, count):
    start(count, ada, place, olga)
    aws.advance(1000)
    aws.reset_requests()

    poll_now()

    assert aws.requests()["total"] == {
        "drs.DescribeJobs": 1,
        "drs.DescribeJobLogItems": 1,
        "drs.DescribeRecoveryInstances": 1,
        "ec2.DescribeInstances": 1,
    }
    assert set(ServerRun.objects.values_list("launch_status", flat=True)) == {"LAUNCHED"}


def test_the_logs_of_ended_jobs_are_all_read_one_a_poll(aws, ada, place, olga):
    start(3, ada, place, olga)
    aws.advance(1000)

    poll_now(times=3)

    assert all(job.is_log_complete for job in Job.objects.all())
    assert not Job.objects.unresolved().exists()


def test_the_reasons_of_failures_are_read_at_once(aws, ada, place, olga):
    for server in factories.servers(place):
        aws.fail_server(factories.TARGET, server.region, server.source_server_id, at="LAUNCH")
    start(3, ada, place, olga)
    aws.advance(1000)

    poll_now()

    reasons = Counter(row.error.partition(":")[0] for row in ServerRun.objects.filter(launch_status="FAILED"))
    assert reasons == {"LAUNCH_FAILED": 6}
