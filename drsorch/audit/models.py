"""Evidence of who did what, chained: the events, the head of their chain, what has left it, and what is known of it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Substr
from django.utils import timezone

from drsorch.audit.actor import ActorKind, Source

HEAD = 1  # the key of the one row of AuditHead
BEGINNING = 10 * len("123456789012,") - 1  # of account ids the first ten


class Outcome(models.TextChoices):
    """How a request ended."""

    ALLOWED = "ALLOWED", "Allowed"
    DENIED = "DENIED", "Denied"
    FAILED = "FAILED", "Failed"


class AppendOnlyQuerySet(models.QuerySet):
    """Rows are added and read, never changed."""

    def update(self, **kwargs: object) -> int:
        raise TypeError(f"{named(self.model)} cannot be changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError(f"{named(self.model)} cannot be deleted.")

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{named(self.model)} are written one at a time: in bulk, one could replace another.")


class AppendOnly(models.Model):
    """Evidence: rows are added and read. The database refuses to change or delete them, too (`triggers`)."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # so that Django's own paths to the rows cannot change them either

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row. Raises TypeError for a row that exists already: evidence is append-only."""
        if self.pk is not None:
            raise TypeError(f"{named(type(self))} cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: evidence is append-only."""
        raise TypeError(f"{named(type(self))} cannot be deleted.")


def named(model: type[models.Model]) -> str:
    """Return the rows of `model` as the beginning of a sentence."""
    return str(model._meta.verbose_name_plural).capitalize()


class AuditEvent(AppendOnly):
    """One thing somebody did, or was refused, written with the change itself and sealed to the event before it.

    `chain` says what the seal covers. Old ones leave the table with their segment, and in no other way.
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
    # For the index: PostgreSQL has none of texts of any length.
    beginning = models.GeneratedField(
        expression=Substr("account", 1, BEGINNING),
        output_field=models.TextField(),
        db_persist=True,
    )
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.ALLOWED)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)  # the HMAC of the event before, "" of the first
    hmac = models.CharField("HMAC", max_length=64)

    access_via = ()

    class Meta(AppendOnly.Meta):
        ordering = ["-pk"]
        # One for each filter of the API: without, those that match little would read the whole trail.
        indexes = [
            models.Index(fields=["object_kind", "object_id"], name="audit_history_of_an_object"),
            models.Index(fields=["actor", "sequence"], name="audit_history_of_an_actor"),
            models.Index(fields=["action", "sequence"], name="audit_history_of_an_action"),
            models.Index(fields=["actor_kind", "sequence"], name="audit_history_of_a_kind"),
            models.Index(fields=["token", "sequence"], name="audit_history_of_a_token"),
            models.Index(fields=["source", "sequence"], name="audit_history_at_a_door"),
            models.Index(fields=["address", "sequence"], name="audit_history_of_an_address"),
            models.Index(fields=["request_id", "sequence"], name="audit_history_of_a_request"),
            models.Index(fields=["outcome", "sequence"], name="audit_history_of_refusals"),
            models.Index(fields=["beginning", "sequence"], name="audit_history_in_an_account"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.object_name}"


class AuditSegment(AppendOnly):
    """The first part of the chain that was still in the table, and left it: its events are in a file.

    `segments` says what the file is like, `retention` when one is made. Segments follow each other as events do: each
    begins at the event after the last one's, and with its seal. `sha256` is that of the file without its head line.
    """

    first_sequence = models.PositiveBigIntegerField("first event", unique=True)
    last_sequence = models.PositiveBigIntegerField("last event", unique=True)
    count = models.PositiveBigIntegerField("events")
    previous_hash = models.CharField("HMAC of the event before", max_length=64, blank=True)
    last_hash = models.CharField("HMAC of the last event", max_length=64)
    sha256 = models.CharField("SHA-256 of the events in the file", max_length=64)
    at = models.DateTimeField("closed at", default=timezone.now, editable=False)
    by = models.CharField("closed by", max_length=150)
    hmac = models.CharField("HMAC", max_length=64)  # over all of the above

    access_via = ()

    class Meta(AppendOnly.Meta):
        ordering = ["-last_sequence"]

    def __str__(self) -> str:
        return f"segment {self.first_sequence} to {self.last_sequence}"


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


class AuditVerification(AppendOnly):
    """One run of the verification, and what it found."""

    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=150)
    sequence = models.PositiveBigIntegerField("last event")
    events = models.PositiveBigIntegerField("events verified")
    segments = models.PositiveBigIntegerField("segments verified", default=0)
    unread_count = models.PositiveBigIntegerField("segments not read", default=0)  # and so not verified
    seconds = models.FloatField()
    problem_count = models.PositiveBigIntegerField("problems")
    problems = models.JSONField("first problems", default=list)  # sentences

    access_via = ()

    class Meta(AppendOnly.Meta):
        ordering = ["-pk"]

    def __str__(self) -> str:
        found = f"{self.problem_count} problems" if self.problem_count else "no problem"
        return f"{self.events} events verified: {found}"
