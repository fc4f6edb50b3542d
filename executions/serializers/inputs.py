"""What may be sent about executions."""

from typing import Any

from rest_framework import serializers

from drsorch.api.fields import Choice, Flag, FlagWord, Pattern, RowId, Tags, Text, Whole, account_id
from drsorch.api.paging import ListQuery
from drsorch.api.serializers import Input, Query
from drsorch.audit.actor import Source
from executions.services import CallerContext
from executions.states import Answer, ExecutionStatus, LaunchStatus, Mode

NOTE_LENGTH = 1000
INSTANCE_ID = r"^i-[0-9a-z]{1,30}$"


class StartInput(Input):
    """A start of a plan that is named otherwise."""

    executionType = Choice(source="mode", choices=Mode.choices)
    reason = Text(default="", max_length=NOTE_LENGTH)
    confirmPlanName = Text(
        source="confirm_plan_name", default="", max_length=100, help_text="The plan's name; needed for a RECOVERY."
    )
    overrideReason = Text(
        source="override_reason",
        default="",
        max_length=NOTE_LENGTH,
        help_text="Why a RECOVERY goes on in spite of problems.",
    )
    preempt = Flag(
        default=False,
        help_text="For a RECOVERY: cancel drills that have the servers, at once, whoever has to confirm.",
    )
    launchOver = serializers.ListField(
        source="launch_over",
        child=Text(max_length=255),
        default=list,
        max_length=1000,
        help_text="Servers (ids or names) whose live recovery instance may be replaced.",
    )
    pointInTime = serializers.DateTimeField(
        source="point_in_time",
        default=None,
        allow_null=True,
        help_text="The state of the servers at or before this time; null: the latest.",
    )
    parentExecutionId = Text(default="", max_length=100, help_text="The caller's own run that this one is part of.")
    tags = Tags(default=dict)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Gather what the caller says of itself."""
        parent, tags = attrs.pop("parentExecutionId"), attrs.pop("tags")
        return attrs | {"context": CallerContext(parent, tags)}


class NewExecutionInput(StartInput):
    """A start of a plan."""

    planId = RowId(source="plan_id")


class RetryInput(Input):
    """Which wave is retried."""

    waveNumber = Whole(source="number", min_value=1)
    note = Text(default="", max_length=NOTE_LENGTH)


class DecideInput(Input):
    """The answer to an open question: `decisions` of the execution have its id and what may be answered."""

    gateId = RowId(source="gate")
    answer = Choice(choices=Answer.choices)
    note = Text(default="", max_length=NOTE_LENGTH)


class TerminateInput(Input):
    """Consent to the termination."""

    confirmPlanName = Text(
        source="confirm_plan_name", default="", max_length=100, help_text="The plan's name; needed for a RECOVERY."
    )


class NamedInstancesInput(TerminateInput):
    """Which recovery instances: all that their executions have left."""

    instanceIds = serializers.ListField(
        child=Pattern(INSTANCE_ID, max_length=32), source="instances", min_length=1, max_length=1000
    )


class DeleteInput(Input):
    """Which executions to delete: all of them or none."""

    executionIds = serializers.ListField(child=serializers.UUIDField(), source="ids", min_length=1, max_length=500)


class ExecutionQuery(ListQuery):
    """Filters of executions. `tag.KEY` are tags that their callers gave."""

    has_tags = True
    orderings = {"createdAt": ("created_at", "pk")}
    planId = RowId(source="plan_id", required=False)
    status = serializers.ChoiceField(choices=ExecutionStatus.choices, required=False)
    active = FlagWord(required=False)
    executionType = serializers.ChoiceField(source="mode", choices=Mode.choices, required=False)
    accountId = account_id(source="account", required=False)
    region = serializers.CharField(required=False, max_length=32)
    source = serializers.ChoiceField(choices=Source.choices, required=False)  # type: ignore[assignment]
    startedAfter = serializers.DateTimeField(source="created_at__gte", required=False)
    startedBefore = serializers.DateTimeField(source="created_at__lt", required=False)
    parentExecutionId = serializers.CharField(source="parent_execution_id", required=False, max_length=100)


class OfExecutionQuery(ListQuery):
    """Lists of one execution have no filters."""


class JobLogQuery(ListQuery):
    """Lines of the logs of an execution's jobs."""

    jobId = serializers.CharField(source="job__job_id", required=False, max_length=40)


class JobQuery(ListQuery):
    """Filters of DRS jobs."""

    orderings = {"createdAt": ("created_at", "pk")}
    accountId = account_id(source="account__account_id", required=False)
    region = serializers.CharField(required=False, max_length=32)
    status = serializers.CharField(required=False, max_length=16)
    type = serializers.CharField(required=False, max_length=32)
    executionId = serializers.UUIDField(source="execution", required=False)


class InstanceQuery(ListQuery):
    """Filters of recovery instances."""

    accountId = account_id(source="account__account_id", required=False)
    region = serializers.CharField(required=False, max_length=32)
    executionId = serializers.UUIDField(source="wave__execution", required=False)
    executionType = serializers.ChoiceField(source="mode", choices=Mode.choices, required=False)
    launchStatus = serializers.ChoiceField(source="launch_status", choices=LaunchStatus.choices, required=False)
    sourceServerId = serializers.CharField(source="source_server_id", required=False, max_length=32)
    recoveryInstanceId = serializers.CharField(source="recovery_instance_id", required=False, max_length=32)


class OneJobQuery(ListQuery):
    """Which job, when two accounts or Regions have one of that id."""

    accountId = account_id(source="job__account__account_id", required=False)
    region = serializers.CharField(source="job__region", required=False, max_length=32)


class ReadinessQuery(Query):
    """What the plan should be ready for."""

    executionType = serializers.ChoiceField(source="mode", choices=Mode.choices, default=Mode.DRILL)


class ReadinessInput(Input):
    """What the plan should be ready for."""

    executionType = Choice(source="mode", choices=Mode.choices, default=Mode.DRILL)
