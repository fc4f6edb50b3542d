"""What we intend: recovery plans and their waves."""

from dataclasses import dataclass

from django.db import models
from django.db.models.functions import Lower

from drsorch.access.models import TeamGrant, UserGrant
from drsorch.access.roles import Permission
from drsorch.authored import Authored
from drsorch.counts import number_of
from protection.models import ProtectionGroup, SourceServer


class RecoveryPlanQuerySet(models.QuerySet):
    """Recovery plans, narrowed."""

    def for_list(self) -> "RecoveryPlanQuerySet":
        """With what a list shows."""
        return self.with_counts().order_by("name").prefetch_related("waves__wave_groups__group__account")

    def with_counts(self) -> "RecoveryPlanQuerySet":
        """With the number of waves."""
        return self.annotate(wave_count=number_of(Wave.objects.filter(plan=models.OuterRef("pk")), "plan"))

    def for_detail(self) -> "RecoveryPlanQuerySet":
        """With its waves, their groups and servers."""
        # Joined: SQLite refuses what Django asks for a thousand different groups, or servers, at once.
        joined = {
            "waves__wave_groups": WaveGroup.objects.select_related("group__account"),
            "waves__wave_groups__wave_servers": WaveServer.objects.select_related("server"),
        }
        return self.prefetch_related(
            "waves__depends_on",
            *(models.Prefetch(path, rows) for path, rows in joined.items()),
            "waves__wave_groups__group__servers__hold",
            "waves__wave_groups__wave_servers__server__hold",
        )


class LaunchOrder(models.TextChoices):
    """How the servers of a wave are launched."""

    PARALLEL = "PARALLEL", "Together"
    SEQUENTIAL = "SEQUENTIAL", "One after the other"


class OnFailure(models.TextChoices):
    """What happens when a wave has failed."""

    STOP = "STOP", "Stop: skip every wave that has not started"
    CONTINUE = "CONTINUE", "Continue with the next waves"
    ASK = "ASK", "Ask a person"

    @property
    def short(self) -> str:
        """The label up to its explanation."""
        return str(self.label).partition(":")[0]


class Checks(models.TextChoices):
    """What is looked at after a launch, and what a failed check means for the wave."""

    NONE = "NONE", "No checks"
    EC2_STATUS = "EC2_STATUS", "EC2 status, reported"
    EC2_STATUS_REQUIRED = "EC2_STATUS_REQUIRED", "EC2 status, required"


class Impact(models.TextChoices):
    """What the failure of a server means for its wave."""

    CRITICAL = "CRITICAL", "Critical: the wave fails with it"
    OPTIONAL = "OPTIONAL", "Optional: the wave is partial without it"


class RecoveryPlan(Authored):
    """Ordered waves. Its accounts and Regions follow from its groups."""

    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    owner = models.CharField(max_length=200, blank=True)
    runbook = models.TextField("runbook notes", blank=True)
    rto_minutes = models.PositiveIntegerField("RTO in minutes", null=True, blank=True)
    parallel_waves = models.BooleanField(
        default=False, help_text="Waves that do not depend on each other run at the same time."
    )

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
    in_scope_as = "plans"
    typed = ("name", "description", "owner", "runbook")
    needs_as_well = {Permission.EXECUTE_RECOVERY: "waves__wave_groups__group__account"}

    class Meta:
        ordering = ["name"]
        verbose_name = "recovery plan"
        indexes = [models.Index(fields=["name", "id"], name="plan_by_name")]
        permissions = [("operate_recoveryplan", "Can operate"), ("manage_recoveryplan", "Can manage")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="plan_name_unique_without_case",
                violation_error_message="There is a recovery plan of that name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def audited_account(self) -> str:
        """The accounts that it acts in, with commas."""
        ids = self.waves.values_list("wave_groups__group__account__account_id", flat=True)
        return ",".join(sorted({number for number in ids.distinct() if number}))

    def places(self) -> list[tuple[str, str]]:
        """Return the accounts and Regions that the plan acts in, as sorted pairs of names."""
        groups = (wave_group.group for wave in self.waves.all() for wave_group in wave.wave_groups.all())
        return sorted({(str(group.account), group.region) for group in groups})


class PlanUserGrant(UserGrant):
    """A recovery plan granted to a person, with its executions."""

    content_object = models.ForeignKey(RecoveryPlan, on_delete=models.CASCADE, related_name="user_grants")

    class Meta(UserGrant.Meta):
        verbose_name = "recovery plan granted to a person"
        verbose_name_plural = "recovery plans granted to people"


class PlanTeamGrant(TeamGrant):
    """A recovery plan granted to a team."""

    content_object = models.ForeignKey(RecoveryPlan, on_delete=models.CASCADE, related_name="team_grants")

    class Meta(TeamGrant.Meta):
        verbose_name = "recovery plan granted to a team"
        verbose_name_plural = "recovery plans granted to teams"


class Wave(models.Model):
    """Groups of servers that are recovered together."""

    plan = models.ForeignKey(RecoveryPlan, on_delete=models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    pause_before = models.BooleanField(default=False)
    pause_after = models.BooleanField(default=False)
    launch_order = models.CharField(max_length=16, choices=LaunchOrder, default=LaunchOrder.PARALLEL)
    max_parallel = models.PositiveSmallIntegerField(null=True, blank=True)
    wait_seconds = models.PositiveIntegerField(default=0)
    timeout_minutes = models.PositiveSmallIntegerField(default=60)
    on_failure = models.CharField(max_length=16, choices=OnFailure, default=OnFailure.STOP)
    checks = models.CharField(max_length=32, choices=Checks, default=Checks.EC2_STATUS)
    depends_on = models.ManyToManyField("self", symmetrical=False, related_name="dependents", blank=True)
    groups = models.ManyToManyField(ProtectionGroup, through="WaveGroup", related_name="waves")

    access_via = ("plan",)
    typed = ("name", "description")

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
            models.CheckConstraint(
                condition=models.Q(max_parallel=None) | models.Q(max_parallel__gte=1, launch_order="PARALLEL"),
                name="max_parallel_from_1_and_only_in_parallel",
                violation_error_message="At most so many at once is 1 or more, for a wave that launches together.",
            ),
            models.CheckConstraint(
                condition=models.Q(wait_seconds__lte=86_400),
                name="wave_waits_at_most_a_day",
                violation_error_message="A wave waits at most 86,400 seconds (a day) after its success.",
            ),
        ]

    def __str__(self) -> str:
        return f"Wave {self.number}: {self.name}"

    @property
    def if_it_fails(self) -> str:
        """What happens then, in few words."""
        return OnFailure(self.on_failure).short

    def members(self) -> list["Member"]:
        """Return the servers of the wave with their impact, in the order in which they are launched."""
        members = [member for wave_group in self.wave_groups.all() for member in wave_group.members()]
        return sorted(members, key=lambda member: member.place)


@dataclass(frozen=True, slots=True)
class Member:
    """A server in a wave: what its failure means for the wave, and its place in the order when it was given one."""

    server: SourceServer
    impact: str = Impact.CRITICAL
    order: int | None = None

    def __str__(self) -> str:
        return str(self.server)

    @property
    def is_optional(self) -> bool:
        """True when its wave is only partial without it."""
        return self.impact == Impact.OPTIONAL

    @property
    def place(self) -> tuple[bool, int, str]:
        """Sorts the ordered ones first, the others by name."""
        return self.order is None, self.order or 0, self.server.name


class WaveGroup(models.Model):
    """A group in a wave: whole, or a choice of its servers."""

    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="wave_groups")
    group = models.ForeignKey(ProtectionGroup, on_delete=models.PROTECT, related_name="wave_groups")
    is_whole = models.BooleanField(default=True)

    access_via = ("wave",)

    class Meta:
        ordering = ["wave", "pk"]
        constraints = [models.UniqueConstraint(fields=["wave", "group"], name="group_once_per_wave")]

    def __str__(self) -> str:
        return f"plan {self.wave.plan}, wave {self.wave.number}"

    def members(self) -> list[Member]:
        """Return the chosen servers that are still in the group, or all of it, with what the plan says of each."""
        rows = [row for row in self.wave_servers.all() if row.server.group_id == self.group_id]
        named = [Member(row.server, row.impact, row.order) for row in rows]
        if not self.is_whole:
            return named
        known = {row.server_id for row in rows}
        return named + [Member(server) for server in self.group.servers.all() if server.pk not in known]


class WaveServer(models.Model):
    """A server of a group that was chosen for a wave, in its place; or, of a whole group, one that is optional."""

    wave_group = models.ForeignKey(WaveGroup, on_delete=models.CASCADE, related_name="wave_servers")
    server = models.ForeignKey(SourceServer, on_delete=models.CASCADE, related_name="+")
    order = models.PositiveSmallIntegerField(null=True)
    impact = models.CharField(max_length=16, choices=Impact, default=Impact.CRITICAL)

    access_via = ("wave_group",)

    class Meta:
        ordering = ["wave_group", "order", "server"]
        constraints = [
            models.UniqueConstraint(fields=["wave_group", "server"], name="server_once_per_wave_group"),
        ]

    def __str__(self) -> str:
        return str(self.server)
