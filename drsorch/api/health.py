"""Is the installation well? For load balancers, and for people who are signed in."""

from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection, models
from django.utils import timezone
from django_q.models import OrmQ
from rest_framework import serializers

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.fields import Flag, Text
from drsorch.api.serializers import Answer
from drsorch.api.views import ApiViewSet
from drsorch.errors import UserError
from drsorch.queue.enqueue import FIRST
from drsorch.queue.models import worker_age

# A worker that runs is seen every three seconds; a doorbell that nobody answered for a minute is late.
WORKER_SILENT_AFTER = timedelta(seconds=15)
QUEUE_LATE_AFTER = timedelta(seconds=60)
OK, FAILING = "ok", "failing"
PARTS = {"status": OK, "database": True, "worker": True, "queue": True}
NUMBERS = {"databaseEngine": "postgresql", "workerSeenSecondsAgo": 1.2, "queueAgeSeconds": 0.0}


class Unwell(UserError):
    """A part of the installation does not work."""

    status = 503
    code = "NOT_SERVING"


class HealthAnswer(Answer):
    """It answers."""

    status = Text()


class PartsAnswer(HealthAnswer):
    """What is well; no detail for strangers."""

    database = Flag()
    worker = Flag()
    queue = Flag()


class SystemAnswer(PartsAnswer):
    """The same with numbers."""

    databaseEngine = Text()
    workerSeenSecondsAgo = serializers.FloatField(allow_null=True)
    queueAgeSeconds = serializers.FloatField(allow_null=True)


class HealthViewSet(ApiViewSet):
    """Health of the installation."""

    tag = "Health"

    @endpoint(None, is_public=True, answer=HealthAnswer, example={"status": "ok"})
    def alive(self) -> Any:
        """Say that the web server answers. No permission, no detail."""
        return {"status": OK}

    @endpoint(None, is_public=True, answer=PartsAnswer, example=PARTS)
    def ready(self) -> Any:
        """Say whether the database answers, a worker beats, and the queue is served; 503 when one does not."""
        found = look()
        if found["status"] != OK:
            parts = {name: found[name] for name in ("database", "worker", "queue")}
            missing = ", ".join(name for name, is_well in parts.items() if not is_well)
            raise Unwell(f"Not ready: {missing}.", details=parts)
        return found

    @endpoint(Permission.VIEW_RESOURCES, answer=SystemAnswer, example=PARTS | NUMBERS)
    def system(self) -> Any:
        """Say how the parts of the installation are."""
        return look()


def look() -> dict[str, Any]:
    """Return how the database, the worker and the queue are."""
    try:
        age, late = worker_age(), queue_age()
    except DatabaseError:
        return {
            "status": FAILING,
            "database": False,
            "worker": False,
            "queue": False,
            "databaseEngine": connection.vendor,
            "workerSeenSecondsAgo": None,
            "queueAgeSeconds": None,
        }
    worker, queue = age is not None and age < WORKER_SILENT_AFTER, late < QUEUE_LATE_AFTER
    return {
        "status": OK if worker and queue else FAILING,
        "database": True,
        "worker": worker,
        "queue": queue,
        "databaseEngine": connection.vendor,
        "workerSeenSecondsAgo": None if age is None else age.total_seconds(),
        "queueAgeSeconds": late.total_seconds(),
    }


def queue_age() -> timedelta:
    """Return for how long the oldest due task has waited. A task that is being worked on has a lock in the future.

    What lets others pass is not counted: that may wait, and much of it says nothing of the site.
    """
    now = timezone.now()
    oldest = OrmQ.objects.filter(key=FIRST, lock__lte=now).aggregate(oldest=models.Min("lock"))["oldest"]
    return max(now - oldest, timedelta()) if oldest else timedelta()
