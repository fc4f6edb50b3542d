"""The report of executions."""

from typing import Any

from rest_framework import serializers

from drsorch.api.fields import Flag, RowId, Text, Whole, account_id
from drsorch.api.files import FileQuery
from drsorch.api.serializers import Answer
from drsorch.audit.actor import Source
from executions.reports import TOTALLED, Measured
from executions.states import TERMINAL, ExecutionStatus, Mode


class ReportQuery(FileQuery):
    """Filters of the report. `tag.KEY` are tags that callers gave."""

    has_tags = True
    orderings = {"createdAt": ("created_at", "pk")}
    planId = RowId(source="plan_id", required=False)
    status = serializers.ChoiceField(choices=sorted(TERMINAL), required=False)
    executionType = serializers.ChoiceField(source="mode", choices=Mode.choices, required=False)
    accountId = account_id(source="account", required=False)
    region = serializers.CharField(required=False, max_length=32)
    startedAfter = serializers.DateTimeField(source="created_at__gte", required=False)
    startedBefore = serializers.DateTimeField(source="created_at__lt", required=False)


class ReportedAnswer(Answer):
    """An execution that has ended: how long it took, and how long its plan allowed for it then."""

    executionId = serializers.UUIDField(source="pk")
    planId = serializers.CharField(source="plan_id", allow_null=True)
    planName = Text(source="plan_name")
    planVersion = Whole(source="plan_version")
    executionType = serializers.ChoiceField(source="mode", choices=Mode.choices)
    status = serializers.ChoiceField(choices=ExecutionStatus.choices)
    statusReason = Text(source="status_reason")
    initiatedBy = Text(source="initiator")
    invocationSource = serializers.ChoiceField(source="source", choices=Source.choices)
    reason = Text()
    createdAt = serializers.DateTimeField(source="created_at")
    endedAt = serializers.DateTimeField(source="ended_at")
    elapsedSeconds = Whole(source="measured.taken_seconds", help_text="Decisions of people included.")
    rtoMinutes = Whole(source="rto_minutes", allow_null=True)
    rtoMet = serializers.BooleanField(
        source="measured.is_met", allow_null=True, help_text="False also when not everything was recovered."
    )
    spareSeconds = serializers.IntegerField(
        source="measured.spare_seconds", allow_null=True, help_text="Below 0: missed by so much."
    )
    serverCount = Whole(source="server_count")
    launchedCount = Whole(source="launched_count")
    instancesTerminated = Flag(source="instances_terminated")

    def to_representation(self, instance: Any) -> Any:
        """Measure it."""
        instance.measured = Measured.of(instance, instance.rto_minutes)
        return super().to_representation(instance)


class TotalsAnswer(Answer):
    """What the newest executions that match come to; the file has all of them."""

    executions = Whole(source="number", help_text=f"How many these totals are of: the newest, at most {TOTALLED}.")
    isComplete = Flag(source="is_complete", help_text="Whether these are all that match.")
    statuses = serializers.DictField(child=Whole(), help_text="How many ended in each status.")
    successRate = serializers.FloatField(
        source="success_rate", allow_null=True, help_text="The part that is COMPLETED, of all that ended."
    )
    rtoMet = Whole(source="met")
    rtoMissed = Whole(source="missed")
    rtoMetRate = serializers.FloatField(
        source="rto_rate", allow_null=True, help_text="The part that met its RTO, of those that had one."
    )
    medianSeconds = Whole(source="median_seconds", allow_null=True, help_text="Of those that are COMPLETED.")
    longestSeconds = Whole(source="longest_seconds", allow_null=True, help_text="Of those that are COMPLETED.")
