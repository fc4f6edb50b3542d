"""What the worker leaves in the database about itself."""

from datetime import timedelta

from django.db import models
from django.utils import timezone


class WorkerHeartbeat(models.Model):
    """When the worker of one host was last seen alive."""

    name = models.CharField(max_length=255, unique=True)
    pid = models.PositiveIntegerField()
    host = models.CharField(max_length=255)
    beat_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"Worker {self.name}, seen {self.beat_at:%Y-%m-%d %H:%M:%S}"


def beat(*, name: str, host: str, pid: int) -> None:
    """Write that the worker `name` is alive now: one statement, so that two workers of one name cannot collide."""
    WorkerHeartbeat.objects.bulk_create(
        [WorkerHeartbeat(name=name, pid=pid, host=host, beat_at=timezone.now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["pid", "host", "beat_at"],
    )


def forget_dead_workers(older_than: timedelta = timedelta(days=1)) -> None:
    """Delete heartbeats of hosts that are gone, such as replaced containers."""
    WorkerHeartbeat.objects.filter(beat_at__lt=timezone.now() - older_than).delete()


def worker_age() -> timedelta | None:
    """Return how long ago any worker was last seen, or None when none ever ran.

    A running worker is seen every three seconds; older than about 15 s means "not running".
    """
    latest = WorkerHeartbeat.objects.aggregate(latest=models.Max("beat_at"))["latest"]
    return None if latest is None else max(timezone.now() - latest, timedelta())
