"""Waves and servers inside one execution, and questions to people."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from executions.models.execution import Execution
from executions.models.places import AccountSet
from executions.states import (
    OPEN_SERVER,
    OPTIONS,
    TERMINAL_WAVE,
    Answer,
    CheckResult,
    GateKind,
    LaunchStatus,
    Mode,
    WaveStatus,
)
from plans.models import Checks, Impact, LaunchOrder, OnFailure, RecoveryPlan
from protection.models import SourceServer, TargetAccount


class WaveRun(models.Model):
    """A wave inside one execution: everything is copied from the plan when the execution starts."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    pause_before = models.BooleanField(default=False)
    pause_after = models.BooleanField(default=False)
    depends_on = models.JSONField(default=list)
    launch_order = models.CharField(max_length=16, choices=LaunchOrder, default=LaunchOrder.PARALLEL)
    max_parallel = models.PositiveSmallIntegerField(null=True)
    wait_seconds = models.PositiveIntegerField(default=0)
    timeout_minutes = models.PositiveSmallIntegerField()
    on_failure = models.CharField(max_length=16, choices=OnFailure, default=OnFailure.STOP)
    checks = models.CharField(max_length=32, choices=Checks, default=Checks.NONE)
    status = models.CharField(max_length=16, choices=WaveStatus, default=WaveStatus.PENDING)
    outcome = models.CharField(max_length=16, choices=WaveStatus, blank=True)
    reason = models.TextField(blank=True)
    # Whether the waves that run after this one may start, once it has ended: as its end and people allow.
    is_passed = models.BooleanField(default=False)
    # The look at its servers before it starts: when it was taken, how often it failed, when to look again.
    looked_at = models.DateTimeField(null=True)
    look_again_at = models.DateTimeField(null=True)
    failed_looks = models.PositiveSmallIntegerField(default=0)
    # What a person let pass at the gate before the wave is not asked again.
    accepted_problems = models.JSONField(default=list)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    access_via = ("execution",)

    class Meta:
        ordering = ["execution", "number"]
        indexes = [models.Index(fields=["started_at", "id"], name="wave_run_started")]
        constraints = [
            models.UniqueConstraint(fields=["execution", "number"], name="wave_number_unique_in_execution"),
            models.CheckConstraint(
                condition=Q(status__in=sorted(TERMINAL_WAVE), ended_at__isnull=False)
                | (~Q(status__in=sorted(TERMINAL_WAVE)) & Q(ended_at=None)),
                name="wave_ended_at_set_if_and_only_if_terminal",
            ),
        ]

    def __str__(self) -> str:
        return f"wave {self.number}, {self.name}"


class ServerRunQuerySet(models.QuerySet):
    """Server runs, narrowed."""

    def open(self) -> "ServerRunQuerySet":
        """Those that have not come to their end."""
        return self.filter(launch_status__in=OPEN_SERVER)

    def with_instance(self) -> "ServerRunQuerySet":
        """Those whose recovery instance may still exist."""
        return self.exclude(recovery_instance_id="").exclude(launch_status=LaunchStatus.TERMINATED)


class ServerRun(models.Model):
    """A server inside one execution; ids and names are frozen."""

    wave = models.ForeignKey(WaveRun, on_delete=models.CASCADE, related_name="servers")
    # As of its execution: who may see it and what it was for is told by the row, however many there are.
    plan = models.ForeignKey(RecoveryPlan, null=True, on_delete=models.SET_NULL, related_name="+")
    ran_in = models.ForeignKey(AccountSet, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    mode = models.CharField(max_length=8, choices=Mode)
    server = models.ForeignKey(SourceServer, null=True, on_delete=models.SET_NULL, related_name="runs")
    account = models.ForeignKey(TargetAccount, on_delete=models.PROTECT, related_name="+", db_index=False)
    region = models.CharField(max_length=32)
    source_server_id = models.CharField(max_length=32)
    name = models.CharField(max_length=255)
    order = models.PositiveSmallIntegerField(default=0)
    impact = models.CharField(max_length=16, choices=Impact, default=Impact.CRITICAL)
    attempt = models.PositiveSmallIntegerField(default=1)
    # The recovery snapshot it is launched from: empty for the latest, whose age is known when it was launched.
    snapshot_id = models.CharField(max_length=32, blank=True)
    snapshot_at = models.DateTimeField(null=True)
    launch_status = models.CharField(max_length=16, choices=LaunchStatus, default=LaunchStatus.PENDING)
    step = models.CharField(max_length=64, blank=True)
    recovery_instance_id = models.CharField(max_length=32, blank=True, db_index=True)
    private_ip = models.CharField(max_length=64, blank=True)
    instance_type = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    check_result = models.CharField(max_length=16, choices=CheckResult, default=CheckResult.NONE)
    check_reason = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    launched_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    terminated_at = models.DateTimeField(null=True)

    objects = ServerRunQuerySet.as_manager()
    granted_via = ("plan",)
    access_via = ("ran_in",)

    class Meta:
        ordering = ["wave", "order", "name", "source_server_id"]
        indexes = [
            models.Index(fields=["source_server_id"], name="server_run_of_a_server"),
            # Whether it has an instance, and who may see it, told without the row being read.
            models.Index(
                fields=["account", "id", "recovery_instance_id", "ran_in", "plan"], name="server_run_in_an_account"
            ),
            # For lists of instances only: they narrow too little to find the servers of a wave by.
            *(
                models.Index(
                    fields=[column, "id", "recovery_instance_id", "ran_in", "plan"],
                    condition=~Q(recovery_instance_id=""),
                    name=name,
                )
                for column, name in (
                    ("mode", "instance_for_a_mode"),
                    ("launch_status", "instance_in_a_status"),
                    ("region", "instance_in_a_region"),
                )
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["wave", "source_server_id"], name="server_once_per_wave_run"),
            models.CheckConstraint(
                condition=Q(launch_status__in=sorted(OPEN_SERVER), ended_at=None)
                | (~Q(launch_status__in=sorted(OPEN_SERVER)) & Q(ended_at__isnull=False)),
                name="server_ended_at_set_if_and_only_if_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServerAttempt(models.Model):
    """How an earlier attempt to launch a server ended: kept when its launch is retried."""

    run = models.ForeignKey(ServerRun, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    launch_status = models.CharField(max_length=16, choices=LaunchStatus)
    error = models.TextField(blank=True)
    recovery_instance_id = models.CharField(max_length=32, blank=True)
    check_result = models.CharField(max_length=16, choices=CheckResult, default=CheckResult.NONE)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    access_via = ("run",)

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="attempt_number_unique_per_server_run")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.run}"


class Gate(models.Model):
    """A question to people: the wave waits for the answer, however long it takes."""

    wave = models.ForeignKey(WaveRun, on_delete=models.CASCADE, related_name="gates")
    kind = models.CharField(max_length=16, choices=GateKind)
    question = models.TextField()
    details = models.JSONField(default=list)  # the problems, one sentence each, that the question is about
    asked_at = models.DateTimeField(default=timezone.now)
    answer = models.CharField(max_length=16, choices=Answer, blank=True)
    note = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    answered_name = models.CharField(max_length=150, blank=True)

    access_via = ("wave",)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["wave"], condition=Q(answered_at=None), name="one_open_gate_per_wave_run")
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def options(self) -> tuple[Answer, ...]:
        """What may be answered."""
        return OPTIONS[GateKind(self.kind)]
