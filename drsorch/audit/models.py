"""Evidence of who did what."""

from typing import Any

from django.conf import settings
from django.db import models


class Outcome(models.TextChoices):
    """How a request ended."""

    ALLOWED = "ALLOWED", "Allowed"
    DENIED = "DENIED", "Denied"
    FAILED = "FAILED", "Failed"


class AuditEventQuerySet(models.QuerySet):
    """Rows are added and read, never changed."""

    def update(self, **kwargs: object) -> int:
        raise TypeError("Audit events cannot be changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events cannot be deleted.")

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("Audit events are written by record(), one at a time: in bulk, one could replace another.")


class AuditEvent(models.Model):
    """One thing somebody did, or was refused, written with the change itself."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False)
    source = models.CharField(max_length=16)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=64)
    object_kind = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=255)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.ALLOWED)
    detail = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()
    access_via = ()

    class Meta:
        ordering = ["-pk"]
        base_manager_name = "objects"  # so that Django's own paths to the rows cannot change them either

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.object_name}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Add the row. Raises TypeError for a row that exists already: evidence is append-only."""
        if self.pk is not None:
            raise TypeError("Audit events cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        """Refuse: evidence is append-only."""
        raise TypeError("Audit events cannot be deleted.")
