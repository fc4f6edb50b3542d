"""One run of a plan, and its timeline."""

import uuid
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from drsorch.access.roles import Permission
from drsorch.audit.actor import Source
from drsorch.config.models import Settings
from drsorch.counts import number_of
from drsorch.errors import Conflict
from drsorch.queue.models import WorkerHeartbeat
from executions.models.places import AccountSet
from executions.states import ACTIVE, TERMINAL, ExecutionStatus, LaunchStatus, Mode, check_move
from plans.models import RecoveryPlan


class ExecutionQuerySet(models.QuerySet):
    """Executions, narrowed."""

    def active(self) -> "ExecutionQuerySet":
        """Those that have not ended."""
        return self.filter(status__in=ACTIVE)

    def ended(self) -> "ExecutionQuerySet":
        """Those that have."""
        return self.filter(ended_at__isnull=False)  # quicker told than by the status, and never otherwise

    def due(self, now: Any) -> "ExecutionQuerySet":
        """Those that the engine may take now: due, and in nobody's hands."""
        return self.filter(next_tick_at__lte=now).filter(Q(lease_until=None) | Q(lease_until__lt=now))

    def for_list(self) -> "ExecutionQuerySet":
        """With what a list shows: servers launched of servers, the wave it is at."""
        return self.with_counts().order_by("-created_at")

    def with_counts(self) -> "ExecutionQuerySet":
        """With the number of servers, of those launched, and of instances."""
        mine = apps.get_model("executions.ServerRun").objects.filter(wave__execution=OuterRef("pk"))
        counts = {
            "server_count": mine,
            "launched_count": mine.filter(launched_at__isnull=False),
            "instance_count": mine.filter(launch_status=LaunchStatus.LAUNCHED),
        }
        return self.annotate(**{name: number_of(rows, "wave__execution") for name, rows in counts.items()})

    def with_rules(self) -> "ExecutionQuerySet":
        """With what the installation wants a second person for, read by the query itself; without it services ask."""
        return self.annotate(
            bars_initiator=Exists(Settings.objects.filter(initiator_may_not_answer=True)),
            has_four_eyes=Exists(Settings.objects.filter(four_eyes=True)),
        )

    def for_poll(self) -> "ExecutionQuerySet":
        """Only what a poll of the live page needs: the version, and how old it is, in one query."""
        # A live job that waits longest for an answer, else the one that ended last.
        jobs = apps.get_model("executions.Job").objects.order_by(
            F("ended_at").desc(nulls_first=True), F("polled_at").asc(nulls_first=True)
        )
        launches = jobs.filter(launch__wave__execution=OuterRef("pk"))
        terminations = jobs.filter(terminationcall__termination__execution=OuterRef("pk"))
        # Terminations come after launches. Asked together, every job there ever was would be looked at.
        asked_at = Coalesce(*(Subquery(rows.values("polled_at")[:1]) for rows in (terminations, launches)))
        beats = WorkerHeartbeat.objects.order_by("-beat_at")
        return self.only("version", "status").annotate(
            asked_at=asked_at, worker_beat_at=Subquery(beats.values("beat_at")[:1])
        )

    def for_detail(self) -> "ExecutionQuerySet":
        """With everything the execution page shows, in a number of queries that does not depend on its size."""
        # Of the drills that made way, and of the recovery that took their servers, the page only shows names.
        made_way = models.Prefetch("preempted", queryset=Execution.objects.defer("snapshot").order_by("created_at"))
        detailed = self.with_rules().select_related("plan", "initiated_by", "termination", "preempted_by")
        return detailed.defer("preempted_by__snapshot").prefetch_related(
            made_way,
            "waves__servers__account",
            "waves__servers__attempts",
            "waves__gates",
            "waves__launches__job",
            "waves__launches__account",
            "termination__calls__job",
            "termination__calls__account",
        )


class Execution(models.Model):
    """One run of a plan, drill or recovery. The plan as it was is frozen in it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(RecoveryPlan, null=True, on_delete=models.SET_NULL, related_name="executions")
    plan_name = models.CharField(max_length=100)
    plan_version = models.PositiveIntegerField()
    snapshot = models.JSONField(default=dict)
    rto_minutes = models.PositiveIntegerField(null=True)  # frozen, too: reports measure many, and read no snapshot
    ran_in = models.ForeignKey(
        AccountSet, null=True, on_delete=models.PROTECT, related_name="executions", db_index=False
    )
    mode = models.CharField(max_length=8, choices=Mode)
    status = models.CharField(max_length=16, choices=ExecutionStatus, default=ExecutionStatus.PENDING)
    status_reason = models.TextField(blank=True)
    initiated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="executions"
    )
    initiator = models.CharField(max_length=150)
    source = models.CharField(max_length=16, choices=Source)
    reason = models.TextField(blank=True)
    parallel_waves = models.BooleanField(default=False)
    # The state of the servers that is wanted: the latest, or the last at or before this time.
    point_in_time = models.DateTimeField(null=True)
    override_reason = models.TextField(blank=True)
    # The findings that were let pass at the start, as executions.decisions.readiness writes them.
    overridden = models.JSONField(default=list)
    idempotency_key = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001 (null is "none", many rows)
    # What whoever started it says of itself: its own run, which this one is part of. Its tags are rows.
    parent_execution_id = models.CharField(max_length=100, blank=True, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    pause_requested_at = models.DateTimeField(null=True)
    pause_requested_by = models.CharField(max_length=150, blank=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=150, blank=True)
    # The recovery that took this drill's servers: the plan is free for it while the drill's jobs run out.
    preempted_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="preempted")
    instances_terminated = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    # The engine's own: when to look again, who looks now, and how often somebody has taken it.
    next_tick_at = models.DateTimeField(null=True, db_index=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    rung_at = models.DateTimeField(null=True)

    objects = ExecutionQuerySet.as_manager()
    granted_via = ("plan",)
    needs_as_well = {Permission.EXECUTE_RECOVERY: "ran_in__accounts"}
    access_via = ("ran_in",)  # as it ran: its plan may act in other accounts by now

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            # What follows the key says who may see it, and what reports sum up: rows are read only to be shown.
            models.Index(
                fields=["status", "-created_at", "-id", "ran_in", "plan", "ended_at", "rto_minutes"],
                name="execution_status_and_reach",
            ),
            models.Index(
                fields=["created_at", "id", "ran_in", "plan", "status", "ended_at", "rto_minutes"],
                name="execution_created_and_reach",
            ),
            models.Index(fields=["ran_in", "plan", "status", "ended_at"], name="execution_ran_in_and_reach"),
            models.Index(
                fields=["mode", "created_at", "id", "ran_in", "plan", "status", "ended_at", "rto_minutes"],
                name="execution_for_mode_and_reach",
            ),
            models.Index(fields=["source", "created_at", "id", "ran_in", "plan"], name="execution_source_and_reach"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(status__in=sorted(ACTIVE), preempted_by=None),
                name="one_active_execution_per_plan",
                violation_error_message="This plan is already running.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(ACTIVE), ended_at=None)
                | Q(status__in=sorted(TERMINAL), ended_at__isnull=False),
                name="ended_at_set_if_and_only_if_terminal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_mode_display()} of {self.plan_name}"

    def get_absolute_url(self) -> str:
        """The execution page."""
        return reverse("executions:detail", args=[self.pk])

    def audited_account(self) -> str:
        """The accounts whose servers it recovers, with commas."""
        ids = self.waves.values_list("servers__account__account_id", flat=True)
        return ",".join(sorted({number for number in ids.distinct() if number}))

    @property
    def state(self) -> ExecutionStatus:
        """The status with its wording and tone."""
        return ExecutionStatus(self.status)

    @property
    def kind(self) -> Mode:
        """The mode with its wording and tone."""
        return Mode(self.mode)

    @property
    def short_id(self) -> str:
        """The first part of the id, enough for people."""
        return str(self.pk)[:8]

    @property
    def is_active(self) -> bool:
        """True until it has ended."""
        return self.status in ACTIVE

    @property
    def is_drill(self) -> bool:
        """True for a drill."""
        return self.mode == Mode.DRILL

    def move_to(self, status: str, *, by: str, note: str, tone: str = "", fence: int | None = None) -> None:
        """Change the status and write the event, or raise Conflict and change nothing.

        `fence` is given by the engine: a worker that lost its lease changes nothing.
        """
        check_move(self.status, status)
        with transaction.atomic():
            mine = Execution.objects.filter(pk=self.pk, status=self.status)
            if fence is not None:
                mine = mine.filter(fence=fence)
            ended_at = None if status in ACTIVE else timezone.now()
            if not mine.update(status=status, status_reason=note, ended_at=ended_at, version=F("version") + 1):
                raise Conflict(f"{self} was changed by someone else. Reload and try again.")
            self.events.create(who=by, what=status, sentence=note, tone=tone or ExecutionStatus(status).tone)
        self.status, self.status_reason, self.ended_at = status, note, ended_at

    def say(self, sentence: str, *, by: str, what: str, tone: str = "info") -> None:
        """Add an event to the timeline and raise the version. Call inside the transaction of the change."""
        self.events.create(who=by, what=what, sentence=sentence, tone=tone)
        Execution.objects.filter(pk=self.pk).update(version=F("version") + 1)


class ExecutionTag(models.Model):
    """A tag that the caller gave an execution, to find it again."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="tags")
    key = models.CharField(max_length=128)
    value = models.CharField(max_length=256, blank=True)
    # As of its execution: many with one tag are found in their order, and counted, without being read.
    created_at = models.DateTimeField()
    plan = models.ForeignKey(RecoveryPlan, null=True, on_delete=models.SET_NULL, related_name="+")
    ran_in = models.ForeignKey(AccountSet, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    granted_via = ("plan",)
    access_via = ("ran_in",)

    class Meta:
        ordering = ["key"]
        indexes = [
            models.Index(
                fields=["key", "value", "created_at", "execution", "ran_in", "plan"], name="execution_by_tag_and_reach"
            ),
            models.Index(
                fields=["key", "value", "ran_in", "created_at", "execution"], name="execution_by_tag_where_it_ran"
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["execution", "key"], name="tag_key_once_per_execution")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"

    @classmethod
    def of(cls, execution: Execution, key: str, value: str) -> "ExecutionTag":
        """Return a tag of an execution, not saved."""
        copied = {"created_at": execution.created_at, "plan_id": execution.plan_id, "ran_in_id": execution.ran_in_id}
        return cls(execution=execution, key=key, value=value, **copied)


class Event(models.Model):
    """One line of an execution's timeline. Never changed."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    who = models.CharField(max_length=150)
    what = models.CharField(max_length=32)
    sentence = models.TextField()
    tone = models.CharField(max_length=8, default="info")

    access_via = ("execution",)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["at", "id"], name="event_at")]

    def __str__(self) -> str:
        return self.sentence
