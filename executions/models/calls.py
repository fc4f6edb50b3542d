"""Calls to AWS that cannot be repeated safely, written down before they are made."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from executions.models.execution import Execution
from executions.models.jobs import Job
from executions.models.runs import ServerRun, WaveRun
from executions.states import MAY_HAVE_A_JOB, CallStatus
from protection.models import TargetAccount


def new_token() -> str:
    """Return the token by which a lost answer is found again."""
    return uuid.uuid4().hex


class Call(models.Model):
    """One call for servers of one account and Region: planned, intended, sent, done, or abandoned."""

    account = models.ForeignKey(TargetAccount, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=32)
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    status = models.CharField(max_length=16, choices=CallStatus, default=CallStatus.PLANNED)
    attempt = models.PositiveIntegerField(default=0)
    refusals = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True)  # since when it waits for a free DRS job slot
    intended_at = models.DateTimeField(null=True)
    job = models.OneToOneField(Job, null=True, on_delete=models.PROTECT, related_name="%(class)s")
    adopted = models.BooleanField(default=False)
    is_doubtful = models.BooleanField(default=False)  # an attempt had an unknown end: it may yet turn up as a job
    was_in_conflict = models.BooleanField(default=False)  # the last attempt was refused: the servers are in a job
    reason = models.TextField(blank=True)

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"call {self.token[:8]} in {self.region} of {self.account}"


class Launch(Call):
    """The intent of one StartRecovery."""

    wave = models.ForeignKey(WaveRun, on_delete=models.CASCADE, related_name="launches")
    servers = models.ManyToManyField(ServerRun, related_name="launches")

    access_via = ("wave",)

    class Meta(Call.Meta):
        verbose_name_plural = "launches"
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=sorted(MAY_HAVE_A_JOB)) | Q(intended_at__isnull=False),
                name="launch_intended_before_it_is_sent",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[CallStatus.SENT, CallStatus.DONE]) | Q(job__isnull=False),
                name="sent_launch_has_a_job",
            ),
        ]


class Termination(models.Model):
    """The request to terminate what an execution launched: asked, going on in calls, done."""

    execution = models.OneToOneField(Execution, on_delete=models.CASCADE, related_name="termination")
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    # When it stopped trying, because instances stayed however often they were terminated: a person may ask again.
    gave_up_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    # With four eyes it is planned only when a second person has confirmed it.
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    needs_confirmation = models.BooleanField(default=False)
    confirmer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True)

    access_via = ("execution",)

    class Meta:
        indexes = [models.Index(fields=["requested_at", "id"], name="termination_requested")]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmer=None) | Q(requester=None) | ~Q(confirmer=F("requester")),
                name="termination_confirmed_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(needs_confirmation=False) | Q(confirmed_at__isnull=False),
                name="termination_done_only_when_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"termination of the instances of {self.execution}"

    @property
    def is_waiting(self) -> bool:
        """True while a second person has to confirm it: until then nothing is terminated."""
        return self.needs_confirmation and self.confirmed_at is None


class TerminationCall(Call):
    """The intent of one TerminateRecoveryInstances."""

    termination = models.ForeignKey(Termination, on_delete=models.CASCADE, related_name="calls")
    servers = models.ManyToManyField(ServerRun, related_name="termination_calls")

    access_via = ("termination",)

    class Meta(Call.Meta):
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=sorted(MAY_HAVE_A_JOB)) | Q(intended_at__isnull=False),
                name="termination_intended_before_it_is_sent",
            ),
        ]
