"""Shapes of recovery plans."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.api.fields import Choice, Flag, FlagWord, RowIds, ServerIds, Text, Whole, account_id
from drsorch.api.offers import Offer
from drsorch.api.paging import ListQuery
from drsorch.api.serializers import Answer, Input, OfferAnswer, offered
from plans.conflicts import Extent
from plans.definition import WaveDefinition
from plans.models import Checks, LaunchOrder, OnFailure, RecoveryPlan
from plans.services import running_sentence
from plans.written import definition_of


class WaveInput(Input):
    """A wave as it is written. `serverIds` null: all servers of the groups; a list is the launch order."""

    waveNumber = Whole(
        required=False, min_value=1, write_only=True, help_text="Its place in the list; it may be left out."
    )
    name = Text(max_length=100)
    description = Text(default="", max_length=10_000)
    protectionGroupIds = RowIds(source="group_ids")
    serverIds = ServerIds(source="server_ids", default=None, allow_null=True)
    optionalServerIds = ServerIds(source="optional_ids", default=list)
    dependsOnWaves = serializers.ListField(
        child=Whole(min_value=1), source="depends_on", default=None, allow_null=True, max_length=1000
    )
    pauseBeforeWave = Flag(source="pause_before", default=False)
    pauseAfterWave = Flag(source="pause_after", default=False)
    launchOrder = Choice(source="launch_order", choices=LaunchOrder.choices, default=LaunchOrder.PARALLEL)
    maxParallel = Whole(source="max_parallel", default=None, allow_null=True, min_value=1, max_value=10_000)
    waitSeconds = Whole(source="wait_seconds", default=0, max_value=86_400)
    timeoutMinutes = Whole(source="timeout_minutes", default=60, min_value=5, max_value=720)
    onFailure = Choice(source="on_failure", choices=OnFailure.choices, default=OnFailure.STOP)
    checks = Choice(choices=Checks.choices, default=Checks.EC2_STATUS)


class PlanInput(Input):
    """What may be written of a plan."""

    name = Text(max_length=100)
    description = Text(default="", max_length=10_000)
    owner = Text(default="", max_length=200)
    runbook = Text(default="", max_length=100_000)
    rtoMinutes = Whole(source="rto_minutes", default=None, allow_null=True)
    parallelWaves = Flag(source="parallel_waves", default=False)
    waves = WaveInput(many=True)

    def validate_waves(self, waves: list[dict[str, Any]]) -> list[WaveDefinition]:
        """Return the waves as services take them. A number that is not the wave's place is refused."""
        found = []
        for place, given in enumerate(waves, start=1):
            number = given.pop("waveNumber", place)
            if number != place:
                raise serializers.ValidationError(
                    f"The wave in place {place} says that it is wave {number}. Put the waves in their order."
                )
            lists = {name: value for name, value in given.items() if isinstance(value, list)}
            found.append(WaveDefinition(**{**given, **{name: tuple(value) for name, value in lists.items()}}))
        return found


class CopyInput(Input):
    """The name of the copy."""

    name = Text(max_length=100)


class PlanQuery(ListQuery):
    """Filters of plans."""

    orderings = {"name": ("name", "pk"), "changedAt": ("changed_at", "pk")}
    accountId = account_id(source="account", required=False)
    region = serializers.CharField(required=False, max_length=32)
    lastStatus = serializers.CharField(source="last_status", required=False, max_length=16)
    conflict = FlagWord(required=False, help_text="Whether an execution of another plan has some of its servers.")
    search = serializers.CharField(source="name__icontains", required=False, max_length=100)


class LastExecutionAnswer(Answer):
    """The last execution of a plan; its id is null when it was deleted, or is out of sight."""

    executionId = serializers.UUIDField(source="last_execution", allow_null=True)
    status = Text(source="last_status")
    startedAt = serializers.DateTimeField(source="last_execution_at")


class ConflictAnswer(Answer):
    """Who has servers of the plan."""

    reason = Text()
    executionId = serializers.UUIDField(source="execution_id", allow_null=True)
    executionStatus = Text(source="status")
    serverIds = serializers.ListField(child=Text(), source="server_ids")


class PlanSummary(Answer):
    """A plan as lists show it."""

    planId = serializers.CharField(source="pk")
    name = Text()
    description = Text()
    owner = Text()
    rtoMinutes = Whole(source="rto_minutes", allow_null=True)
    parallelWaves = Flag(source="parallel_waves")
    version = Whole()
    waveCount = Whole(source="wave_count")
    serverCount = serializers.SerializerMethodField()
    accounts = serializers.SerializerMethodField()
    regions = serializers.SerializerMethodField()
    activeExecutionId = serializers.UUIDField(source="active_execution", allow_null=True)
    lastExecution = serializers.SerializerMethodField()
    lastSuccessfulDrillAt = serializers.DateTimeField(source="last_successful_drill_at", allow_null=True)
    hasServerConflict = serializers.SerializerMethodField()
    conflictInfo = serializers.SerializerMethodField()
    createdAt = serializers.DateTimeField(source="created_at")
    changedAt = serializers.DateTimeField(source="changed_at")
    allowedActions = serializers.SerializerMethodField()

    def get_serverCount(self, row: RecoveryPlan) -> int:
        """How many servers its waves have now."""
        return _extent(row).server_count

    def get_accounts(self, row: RecoveryPlan) -> list[str]:
        """The AWS accounts it acts in."""
        return sorted({account for account, _ in _extent(row).places})

    def get_regions(self, row: RecoveryPlan) -> list[str]:
        """The Regions it acts in."""
        return sorted({region for _, region in _extent(row).places})

    @extend_schema_field(LastExecutionAnswer(allow_null=True))
    def get_lastExecution(self, row: RecoveryPlan) -> Any:
        """The last execution; null when there is none."""
        return LastExecutionAnswer(row).data if row.last_execution_at else None

    def get_hasServerConflict(self, row: RecoveryPlan) -> bool:
        """Whether an execution of another plan has some of its servers."""
        return bool(_extent(row).conflicts)

    @extend_schema_field(ConflictAnswer(allow_null=True))
    def get_conflictInfo(self, row: RecoveryPlan) -> Any:
        """Which one; null when none has."""
        conflicts = _extent(row).conflicts
        return ConflictAnswer(conflicts[0]).data if conflicts else None

    @extend_schema_field(OfferAnswer(many=True))
    def get_allowedActions(self, row: RecoveryPlan) -> Any:
        """Say what may be done, and why not."""
        actor, running = self.context["actor"], running_sentence(row) if row.active_execution else ""
        P = Permission
        execute = policy.why_not(actor, P.EXECUTE_RECOVERY, row) or running
        update = policy.why_not(actor, P.UPDATE_RECOVERY_PLAN, row, policy.Level.MANAGE) or running
        delete = policy.why_not(actor, P.DELETE_RECOVERY_PLAN, row, policy.Level.MANAGE) or running
        copy = policy.why_not(actor, P.CREATE_RECOVERY_PLAN)
        reasons = {"execute": execute, "update": update, "delete": delete, "copy": copy}
        return offered(*(Offer(*each) for each in reasons.items()))


class WaveAnswer(Answer):
    """A wave of a plan."""

    waveNumber = Whole(source="number")
    name = Text()
    description = Text()
    protectionGroupIds = serializers.ListField(child=serializers.CharField(), source="definition.group_ids")
    serverIds = serializers.ListField(child=Text(), source="definition.server_ids", allow_null=True)
    optionalServerIds = serializers.ListField(child=Text(), source="definition.optional_ids")
    dependsOnWaves = serializers.ListField(child=Whole(), source="definition.depends_on")
    pauseBeforeWave = Flag(source="pause_before")
    pauseAfterWave = Flag(source="pause_after")
    launchOrder = serializers.ChoiceField(source="launch_order", choices=LaunchOrder.choices)
    maxParallel = Whole(source="max_parallel", allow_null=True)
    waitSeconds = Whole(source="wait_seconds")
    timeoutMinutes = Whole(source="timeout_minutes")
    onFailure = serializers.ChoiceField(source="on_failure", choices=OnFailure.choices)
    checks = serializers.ChoiceField(choices=Checks.choices)

    def to_representation(self, instance: Any) -> Any:
        """Read the wave as it is written."""
        instance.definition = definition_of(instance)
        return super().to_representation(instance)


class PlanAnswer(PlanSummary):
    """A plan with its waves."""

    runbook = Text()
    waves = WaveAnswer(source="waves.all", many=True)
    warnings = serializers.ListField(child=Text())


def _extent(row: Any) -> Extent:
    """Return what the view has found of the plan."""
    extent: Extent = row.extent
    return extent
