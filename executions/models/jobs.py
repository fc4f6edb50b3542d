"""DRS jobs, their log, and the pollers that ask about them."""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from executions.states import OPEN_SERVER, CallStatus, LaunchStatus
from protection.models import TargetAccount

# The reason of a failure is in the log; when it cannot be read for so long, the job is left alone.
LOG_READ_WITHIN = timedelta(hours=1)


class JobQuerySet(models.QuerySet):
    """Jobs, narrowed."""

    def live(self) -> "JobQuerySet":
        """Those that DRS has not said to be completed."""
        return self.filter(ended_at=None)

    def unresolved(self) -> "JobQuerySet":
        """Those that live, have servers whose end is not known yet, or whose log was not read since they ended."""
        unread = Q(log_read_at=None) | Q(log_read_at__lt=F("ended_at"))
        ended_lately = Q(ended_at__gt=timezone.now() - LOG_READ_WITHIN)
        followed = apps.get_model("executions.Launch").objects.filter(status=CallStatus.SENT)
        # As a subquery: a join would read the servers of every job there ever was, once a second.
        is_open = Q(pk__in=followed.filter(servers__launch_status__in=OPEN_SERVER).values("job"))
        return self.filter(Q(ended_at=None) | is_open | (ended_lately & unread))

    def with_ending(self) -> "JobQuerySet":
        """Saying of each whether all that is left of it are instances being launched: then it should end soon."""
        launching = Q(launch__servers__launch_status=LaunchStatus.IN_PROGRESS)
        is_open = Q(launch__servers__launch_status__in=OPEN_SERVER)
        return self.annotate(
            launching=models.Count("launch__servers", filter=launching),
            open=models.Count("launch__servers", filter=is_open),
        )

    def of(self, execution: Any) -> "JobQuerySet":
        """Those of one execution, by its row or its key, launches and terminations."""
        launches = apps.get_model("executions.Launch").objects.filter(wave__execution=execution)
        terminations = apps.get_model("executions.TerminationCall").objects.filter(termination__execution=execution)
        # Their keys first: joined, every job there ever was would be looked at.
        keys = [calls.order_by().exclude(job=None).values("job") for calls in (launches, terminations)]
        return self.filter(pk__in=keys[0].union(keys[1]))

    def at(self, account_id: int, region: str) -> "JobQuerySet":
        """Those of one account and Region."""
        return self.filter(account_id=account_id, region=region)


class Job(models.Model):
    """A DRS job of ours. A job's status says only when to stop asking: DRS has no FAILED."""

    account = models.ForeignKey(TargetAccount, on_delete=models.PROTECT, related_name="jobs")
    region = models.CharField(max_length=32)
    job_id = models.CharField(max_length=40)
    type = models.CharField(max_length=32)
    status = models.CharField(max_length=16)
    initiated_by = models.CharField(max_length=40, blank=True)
    tags = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    polled_at = models.DateTimeField(null=True)
    log_read_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()
    granted_via = ("launch__wave__execution__plan", "terminationcall__termination__execution__plan")
    access_via = ("account",)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "DRS job"
        indexes = [
            # The account is in all of them, so that those in sight are counted without reading the rows.
            models.Index(fields=["created_at", "id", "account"], name="job_created"),
            models.Index(fields=["account", "created_at", "id"], name="job_of_an_account_created"),
            models.Index(fields=["region", "created_at", "id", "account"], name="job_in_a_region_created"),
            models.Index(fields=["status", "created_at", "id", "account"], name="job_in_a_status_created"),
            models.Index(fields=["type", "created_at", "id", "account"], name="job_of_a_type_created"),
            models.Index(fields=["job_id"], name="job_by_its_id"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "job_id"], name="job_once_per_account_and_region")
        ]

    def __str__(self) -> str:
        return self.job_id

    @property
    def is_log_complete(self) -> bool:
        """Whether the log was read after the job had ended."""
        return self.ended_at is not None and self.log_read_at is not None and self.log_read_at >= self.ended_at


class JobEvent(models.Model):
    """A line of a DRS job's log, stored once."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(null=True)
    event = models.CharField(max_length=64)
    source_server_id = models.CharField(max_length=32, blank=True)
    raw_error = models.TextField(blank=True)
    digest = models.CharField(max_length=64)

    access_via = ("job",)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["at", "id"], name="job_event_at")]
        constraints = [models.UniqueConstraint(fields=["job", "digest"], name="job_event_stored_once")]

    def __str__(self) -> str:
        return f"{self.event} {self.source_server_id}".strip()

    @property
    def label(self) -> str:
        """The event in words, also one that we do not know."""
        return self.event.replace("_", " ").capitalize().replace("Job ", "DRS job ")

    @property
    def tone(self) -> str:
        """How it looks: DRS names failures with FAIL."""
        if "FAIL" in self.event:
            return "error"
        return "ok" if self.event.endswith("END") else "info"


class PollerQuerySet(models.QuerySet):
    """Pollers, narrowed."""

    def due(self, now: object) -> "PollerQuerySet":
        """Those that may ask now: due, and in nobody's hands."""
        return self.filter(next_poll_at__lte=now).filter(Q(lease_until=None) | Q(lease_until__lt=now))


class Poller(models.Model):
    """The one who asks DRS about all live jobs of an account and Region."""

    account = models.ForeignKey(TargetAccount, on_delete=models.CASCADE, related_name="pollers")
    region = models.CharField(max_length=32)
    next_poll_at = models.DateTimeField(null=True, db_index=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    rung_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    # What the place's servers, jobs, instances and native plans were when somebody last looked: see executions.survey.
    survey = models.JSONField(default=dict)
    surveyed_at = models.DateTimeField(null=True)
    # Why the last attempt failed, empty when it did not; and when, unless it is to hold up no other attempt.
    survey_error = models.TextField(blank=True)
    survey_failed_at = models.DateTimeField(null=True)
    survey_wanted_at = models.DateTimeField(null=True)

    objects = PollerQuerySet.as_manager()
    access_via = ("account",)

    class Meta:
        ordering = ["account", "region"]
        constraints = [models.UniqueConstraint(fields=["account", "region"], name="one_poller_per_account_and_region")]

    def __str__(self) -> str:
        return f"poller of {self.region} of {self.account}"
