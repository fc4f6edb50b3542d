"""Health: for load balancers without detail, for people with numbers."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from drsorch.queue.enqueue import enqueue
from drsorch.queue.models import beat

pytestmark = pytest.mark.django_db


def test_everybody_hears_that_it_answers(calling):
    assert calling().data("GET", "/health") == {"status": "ok"}


def test_it_is_ready_while_a_worker_beats_and_serves_the_queue(calling, vera):
    error = calling().refusal("GET", "/health/ready", status=503)
    assert (error["code"], error["details"]) == ("NOT_SERVING", {"database": True, "worker": False, "queue": True})

    beat(name="w", host="h", pid=1)
    assert calling().data("GET", "/health/ready")["worker"] is True

    enqueue("executions.tasks.sweep")
    OrmQ.objects.update(lock=timezone.now() - timedelta(minutes=5))
    assert calling().refusal("GET", "/health/ready", status=503)["details"]["queue"] is False
    shown = calling(vera).data("GET", "/config/health")
    assert shown["status"] == "failing"
    assert shown["queueAgeSeconds"] >= 300
    assert shown["workerSeenSecondsAgo"] < 60


def test_a_task_that_is_due_later_is_not_late(calling):
    beat(name="w", host="h", pid=1)
    enqueue("executions.tasks.sweep", delay=600)

    assert calling().data("GET", "/health/ready")["queue"] is True


def test_inventory_that_waits_for_the_engine_does_not_make_the_site_unready(calling):
    beat(name="w", host="h", pid=1)
    enqueue("protection.tasks.sync_region", 1, later=True)
    OrmQ.objects.update(lock=timezone.now() - timedelta(minutes=5))

    assert calling().data("GET", "/health/ready")["queue"] is True


def test_numbers_are_for_people_who_may_view(calling, sam):
    assert calling().refusal("GET", "/config/health", status=401)["code"] == "UNAUTHENTICATED"
    error = calling(sam).refusal("GET", "/config/health", status=403)
    assert (error["code"], error["details"]) == ("INSUFFICIENT_PERMISSIONS", {"permission": "drs:ViewResources"})
