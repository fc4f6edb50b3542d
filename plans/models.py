"""What we intend: recovery plans and their waves."""

from django.db import models
from django.db.models.functions import Lower

from drsorch.authored import Authored
from protection.models import ProtectionGroup, SourceServer


class RecoveryPlanQuerySet(models.QuerySet):
    """Recovery plans, narrowed."""

    def for_list(self) -> "RecoveryPlanQuerySet":
        """With what a list shows."""
        counted = self.annotate(wave_count=models.Count("waves", distinct=True)).order_by("name")
        return counted.prefetch_related("waves__wave_groups__group__account")

    def for_detail(self) -> "RecoveryPlanQuerySet":
        """With its waves, their groups and servers."""
        return self.prefetch_related(
            "waves__depends_on",
            "waves__wave_groups__group__account",
            "waves__wave_groups__group__servers__hold",
            "waves__wave_groups__servers__hold",
        )


class RecoveryPlan(Authored):
    """Ordered waves. Its accounts and Regions follow from its groups."""

    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    owner = models.CharField(max_length=200, blank=True)
    runbook = models.TextField("runbook notes", blank=True)
    rto_minutes = models.PositiveIntegerField("RTO in minutes", null=True, blank=True)

    # A summary of executions, kept up to date from above: plans know nothing of executions.
    active_execution = models.UUIDField(null=True, editable=False)
    last_execution = models.UUIDField(null=True, editable=False)
    last_status = models.CharField(max_length=16, blank=True, editable=False)
    last_label = models.CharField(max_length=32, blank=True, editable=False)
    last_tone = models.CharField(max_length=8, blank=True, editable=False)
    last_execution_at = models.DateTimeField(null=True, editable=False)
    last_successful_drill_at = models.DateTimeField(null=True, editable=False)

    objects = RecoveryPlanQuerySet.as_manager()
    access_via = ("waves__wave_groups__group__account",)

    class Meta:
        ordering = ["name"]
        verbose_name = "recovery plan"
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="plan_name_unique_without_case",
                violation_error_message="There is a recovery plan of that name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def places(self) -> list[tuple[str, str]]:
        """Return the accounts and Regions that the plan acts in, as sorted pairs of names."""
        groups = (wave_group.group for wave in self.waves.all() for wave_group in wave.wave_groups.all())
        return sorted({(str(group.account), group.region) for group in groups})


class Wave(models.Model):
    """Groups of servers that are recovered together."""

    plan = models.ForeignKey(RecoveryPlan, on_delete=models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    pause_before = models.BooleanField(default=False)
    timeout_minutes = models.PositiveSmallIntegerField(default=60)
    depends_on = models.ManyToManyField("self", symmetrical=False, related_name="dependents", blank=True)
    groups = models.ManyToManyField(ProtectionGroup, through="WaveGroup", related_name="waves")

    access_via = ("plan",)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "number"],
                name="wave_number_unique_in_plan",
                violation_error_message="This plan has a wave with that number already.",
            ),
            models.CheckConstraint(
                condition=models.Q(number__gte=1),
                name="waves_are_numbered_from_1",
                violation_error_message="Waves are numbered from 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(timeout_minutes__range=(5, 720)),
                name="wave_timeout_in_range",
                violation_error_message="A wave times out after 5 to 720 minutes.",
            ),
            models.CheckConstraint(
                condition=models.Q(pause_before=False) | models.Q(number__gt=1),
                name="first_wave_does_not_pause",
                violation_error_message="Wave 1 starts at once: it cannot pause before.",
            ),
        ]

    def __str__(self) -> str:
        return f"Wave {self.number}: {self.name}"

    def members(self) -> list[SourceServer]:
        """Return the servers of the wave: the chosen ones of each group, or all of a group without a choice."""
        return [server for wave_group in self.wave_groups.all() for server in wave_group.members()]


class WaveGroup(models.Model):
    """A group in a wave, whole or with a choice of its servers."""

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="wave_groups")
    group = models.ForeignKey(ProtectionGroup, on_delete=models.PROTECT, related_name="wave_groups")
    servers = models.ManyToManyField(SourceServer, related_name="+", blank=True)

    access_via = ("wave",)

    class Meta:
        ordering = ["wave", "pk"]
        constraints = [models.UniqueConstraint(fields=["wave", "group"], name="group_once_per_wave")]

    def __str__(self) -> str:
        return f"plan {self.wave.plan}, wave {self.wave.number}"

    def members(self) -> list[SourceServer]:
        """Return the chosen servers that are still in the group, or all of the group when none was chosen."""
        chosen = list(self.servers.all())
        if chosen:
            return [server for server in chosen if server.group_id == self.group_id]
        return list(self.group.servers.all())
