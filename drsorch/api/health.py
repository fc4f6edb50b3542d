"""Is the installation well? For load balancers, and for people who are signed in."""

from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection, models
from django.utils import timezone
from django_q.models import OrmQ
from rest_framework import serializers
from rest_framework.response import Response

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.fields import Flag, Text
from drsorch.api.serializers import Answer
from drsorch.api.views import ApiViewSet
from drsorch.queue.models import worker_age

# A worker that runs is seen every three seconds; a doorbell that nobody answered for a minute is late.
WORKER_SILENT_AFTER = timedelta(seconds=15)
QUEUE_LATE_AFTER = timedelta(seconds=60)


class HealthAnswer(Answer):
    """It answers."""

    status = Text()


class ReadinessAnswer(Answer):
    """What is well; no detail for strangers."""

    status = Text()
    database = Flag()
    worker = Flag()
    queue = Flag()


class SystemAnswer(Answer):
    """The same with numbers."""

    status = Text()
    database = Flag()
    worker = Flag()
    queue = Flag()
    databaseEngine = Text()
    workerSeenSecondsAgo = serializers.FloatField(allow_null=True)
    queueAgeSeconds = serializers.FloatField()


class HealthViewSet(ApiViewSet):
    """Health of the installation."""

    tag = "Health"

    @endpoint(None, is_public=True, answer=HealthAnswer, example={"status": "ok"})
    def alive(self) -> Any:
        """Say that the web server answers. No permission, no detail."""
        return {"status": "ok"}

    @endpoint(None, is_public=True, answer=ReadinessAnswer)
    def ready(self) -> Any:
        """Say whether the database answers, a worker beats, and the queue is served; 503 when one does not."""
        found = look()
        return Response(ReadinessAnswer(found).data, status=200 if found["status"] == "ok" else 503)

    @endpoint(Permission.VIEW_RESOURCES, answer=SystemAnswer)
    def system(self) -> Any:
        """Say how the parts of the installation are."""
        return look()


def look() -> dict[str, Any]:
    """Return how the database, the worker and the queue are."""
    try:
        age, late = worker_age(), queue_age()
    except DatabaseError:
        return {"status": "failing", "database": False, "worker": False, "queue": False}
    worker, queue = age is not None and age < WORKER_SILENT_AFTER, late < QUEUE_LATE_AFTER
    return {
        "status": "ok" if worker and queue else "failing",
        "database": True,
        "worker": worker,
        "queue": queue,
        "databaseEngine": connection.vendor,
        "workerSeenSecondsAgo": None if age is None else age.total_seconds(),
        "queueAgeSeconds": late.total_seconds(),
    }


def queue_age() -> timedelta:
    """Return for how long the oldest due task has waited. A task that is being worked on has a lock in the future."""
    now = timezone.now()
    oldest = OrmQ.objects.filter(lock__lte=now).aggregate(oldest=models.Min("lock"))["oldest"]
    return max(now - oldest, timedelta()) if oldest else timedelta()
