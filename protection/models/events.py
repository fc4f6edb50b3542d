"""Events that came from EventBridge."""

from django.db import models
from django.utils import timezone


class ReceivedEvent(models.Model):
    """An event that was accepted, by its id: the same one again starts nothing."""

    event_id = models.CharField(max_length=64, primary_key=True)
    rule = models.CharField(max_length=64)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    regions = models.PositiveIntegerField(default=0)  # how many were asked to be synchronised

    access_via = ()

    class Meta:
        ordering = ["-received_at"]
        verbose_name = "received event"

    def __str__(self) -> str:
        return f"event {self.event_id} of {self.rule}" if self.rule else f"event {self.event_id}"
