"""Evidence of who did what, chained: the events, the head of their chain, and what is known about both."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from drsorch.audit.actor import ActorKind, Source

HEAD = 1  # the key of the one row of AuditHead


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
    """One thing somebody did, or was refused, written with the change itself and sealed to the event before it.

    The database refuses to change or delete the rows (`triggers`), and `chain` says what the seal covers.
    """

    sequence = models.PositiveBigIntegerField(unique=True)  # 1, 2, 3 … without a gap
    at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)
    actor = models.CharField(max_length=150)
    actor_kind = models.CharField(max_length=8, choices=ActorKind, default=ActorKind.PERSON)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False)
    token = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=16, choices=Source)
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField("request id", max_length=64, blank=True)
    action = models.CharField(max_length=64)
    object_kind = models.CharField(max_length=64)
    object_id = models.CharField("object id", max_length=64)
    object_name = models.CharField(max_length=255)
    account = models.TextField("AWS account", blank=True)  # ids with commas: a plan may act in several
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.ALLOWED)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)  # the HMAC of the event before, "" of the first
    hmac = models.CharField("HMAC", max_length=64)

    objects = AuditEventQuerySet.as_manager()
    access_via = ()

    class Meta:
        ordering = ["-pk"]
        base_manager_name = "objects"  # so that Django's own paths to the rows cannot change them either
        indexes = [models.Index(fields=["object_kind", "object_id"], name="audit_history_of_an_object")]

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


class AuditHead(models.Model):
    """The last event of the chain, in one row: who appends locks it first, so that appending is serialised."""

    sequence = models.PositiveBigIntegerField(default=0)
    hmac = models.CharField(max_length=64, blank=True)

    access_via = ()

    def __str__(self) -> str:
        return f"audit trail up to event {self.sequence}"


class AuditAnchor(models.Model):
    """What the anchor at a place (host and path) held when it was last written: an older one there was put back."""

    place = models.CharField(max_length=512, unique=True)
    sequence = models.PositiveBigIntegerField()
    hmac = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    access_via = ()

    class Meta:
        ordering = ["place"]

    def __str__(self) -> str:
        return f"anchor at {self.place}"


class AuditVerification(models.Model):
    """One run of the verification, and what it found."""

    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=150)
    sequence = models.PositiveBigIntegerField("last event")
    events = models.PositiveBigIntegerField("events verified")
    seconds = models.FloatField()
    problem_count = models.PositiveBigIntegerField("problems")
    problems = models.JSONField("first problems", default=list)  # sentences

    access_via = ()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        found = f"{self.problem_count} problems" if self.problem_count else "no problem"
        return f"{self.events} events verified: {found}"
