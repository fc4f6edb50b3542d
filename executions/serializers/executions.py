"""Executions as they are answered."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from drsorch.api.fields import Flag, Text, Whole
from drsorch.api.offers import Offer
from drsorch.api.serializers import Answer, OfferAnswer, offered
from drsorch.audit.actor import Source
from executions.models import Execution, Gate, ServerRun, WaveRun
from executions.page.servers import STEP_COUNT
from executions.services import choices_of, offers
from executions.states import (
    IN_FLIGHT_WAVE,
    UNSTARTED_WAVE,
    CheckResult,
    ExecutionStatus,
    GateKind,
    LaunchStatus,
    Mode,
    Step,
    WaveStatus,
)

# What an action is called in the addresses.
PATHS = {"terminate": "terminate-instances", "withdraw": "withdraw-termination"}


class ExecutionSummary(Answer):
    """An execution as lists show it."""

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
    parentExecutionId = Text(source="parent_execution_id")
    createdAt = serializers.DateTimeField(source="created_at")
    startedAt = serializers.DateTimeField(source="started_at", allow_null=True)
    endedAt = serializers.DateTimeField(source="ended_at", allow_null=True)
    elapsedSeconds = serializers.SerializerMethodField()
    currentWave = serializers.SerializerMethodField()
    waveCount = serializers.SerializerMethodField()
    serverCount = serializers.SerializerMethodField()
    launchedCount = serializers.SerializerMethodField()
    instancesTerminated = Flag(source="instances_terminated")
    version = Whole()
    allowedActions = serializers.SerializerMethodField()

    def get_elapsedSeconds(self, row: Execution) -> int:
        """From the start that somebody asked for to the end, or until now."""
        return max(0, int(((row.ended_at or timezone.now()) - row.created_at).total_seconds()))

    @extend_schema_field(Whole(allow_null=True))
    def get_currentWave(self, row: Execution) -> int | None:
        """The number of the wave in flight, else of the next one; null when none is left."""
        waves = list(row.waves.all())
        running = [wave.number for wave in waves if wave.status in IN_FLIGHT_WAVE]
        waiting = [wave.number for wave in waves if wave.status in UNSTARTED_WAVE]
        return next(iter(running + waiting), None)

    def get_waveCount(self, row: Execution) -> int:
        """How many waves it has."""
        return len(row.waves.all())

    def get_serverCount(self, row: Any) -> int:
        """How many servers it has."""
        return int(row.server_count)

    def get_launchedCount(self, row: Any) -> int:
        """How many of them were launched."""
        return int(row.launched_count)

    @extend_schema_field(OfferAnswer(many=True))
    def get_allowedActions(self, row: Execution) -> Any:
        """Say what may be done, and why not."""
        found = offers(row, self.context["actor"])
        return offered(*(Offer(PATHS.get(each.action, each.action), each.reason) for each in found))


class OptionAnswer(Answer):
    """One way to answer a question."""

    answer = Text()
    allowed = Flag()
    reason = Text()
    needsNote = Flag(source="needs_note")


class DecisionAnswer(Answer):
    """An open question, and what may be answered."""

    gateId = serializers.CharField(source="pk")
    waveNumber = Whole(source="wave.number")
    kind = serializers.ChoiceField(choices=GateKind.choices)
    question = Text()
    details = serializers.SerializerMethodField()
    askedAt = serializers.DateTimeField(source="asked_at")
    options = serializers.SerializerMethodField()

    def get_details(self, row: Gate) -> list[str]:
        """What it is about, one sentence each."""
        return [detail["sentence"] for detail in row.details]

    @extend_schema_field(OptionAnswer(many=True))
    def get_options(self, row: Gate) -> Any:
        """What may be answered now."""
        return OptionAnswer(choices_of(row, self.context["execution"], self.context["actor"]), many=True).data


class JobOfWaveAnswer(Answer):
    """A DRS job of a wave."""

    jobId = Text(source="job_id")
    accountId = Text(source="account.account_id")
    region = Text()
    status = Text()


class ServerRunAnswer(Answer):
    """A server of a wave."""

    sourceServerId = Text(source="source_server_id")
    name = Text()
    accountId = Text(source="account.account_id")
    region = Text()
    impact = Text()
    attempt = Whole()
    launchStatus = serializers.ChoiceField(source="launch_status", choices=LaunchStatus.choices)
    step = Text()
    stepNumber = serializers.SerializerMethodField()
    stepCount = Whole(default=STEP_COUNT)
    recoveryInstanceId = Text(source="recovery_instance_id")
    privateIp = Text(source="private_ip")
    instanceType = Text(source="instance_type")
    checkStatus = serializers.ChoiceField(source="check_result", choices=CheckResult.choices)
    checkReason = Text(source="check_reason")
    error = Text()
    startedAt = serializers.DateTimeField(source="started_at", allow_null=True)
    endedAt = serializers.DateTimeField(source="ended_at", allow_null=True)

    @extend_schema_field(Whole())
    def get_stepNumber(self, row: ServerRun) -> int:
        """How far DRS has come, of `stepCount`; 0 before its first word."""
        return Step(row.step).number if row.step else 0


class WaveRunAnswer(Answer):
    """A wave of an execution."""

    waveNumber = Whole(source="number")
    name = Text()
    dependsOnWaves = serializers.ListField(child=Whole(), source="depends_on")
    status = serializers.ChoiceField(choices=WaveStatus.choices)
    statusReason = Text(source="reason")
    startedAt = serializers.DateTimeField(source="started_at", allow_null=True)
    endedAt = serializers.DateTimeField(source="ended_at", allow_null=True)
    jobs = serializers.SerializerMethodField()
    servers = ServerRunAnswer(source="servers.all", many=True)

    @extend_schema_field(JobOfWaveAnswer(many=True))
    def get_jobs(self, row: WaveRun) -> Any:
        """The calls of the wave that have become DRS jobs."""
        jobs = []
        for call in row.launches.all():
            if call.job:
                call.job.account = call.account  # fetched with the call: a job is where its call was made
                jobs.append(call.job)
        return JobOfWaveAnswer(jobs, many=True).data


class ExecutionAnswer(ExecutionSummary):
    """An execution with its waves, servers and open questions."""

    pauseRequestedBy = Text(source="pause_requested_by")
    cancelledBy = Text(source="cancelled_by")
    overrideReason = Text(source="override_reason")
    pointInTime = serializers.DateTimeField(source="point_in_time", allow_null=True)
    tags = serializers.SerializerMethodField()
    nextDecision = serializers.SerializerMethodField()
    decisions = serializers.SerializerMethodField()
    waves = WaveRunAnswer(source="waves.all", many=True)

    def get_serverCount(self, row: Execution) -> int:
        """How many servers it has."""
        return len(_runs(row))

    def get_launchedCount(self, row: Execution) -> int:
        """How many of them were launched."""
        return sum(1 for run in _runs(row) if run.launched_at)

    def get_tags(self, row: Execution) -> dict[str, str]:
        """The tags that the caller gave."""
        return {tag.key: tag.value for tag in row.tags.all()}

    @extend_schema_field(DecisionAnswer(allow_null=True))
    def get_nextDecision(self, row: Execution) -> Any:
        """The first open question; null when none is open."""
        return next(iter(self._decisions(row)), None)

    @extend_schema_field(DecisionAnswer(many=True))
    def get_decisions(self, row: Execution) -> Any:
        """The open questions: several when waves run at the same time."""
        return self._decisions(row)

    def _decisions(self, row: Execution) -> list[Any]:
        found = []
        for wave in row.waves.all():
            for gate in wave.gates.all():
                if gate.answered_at is None:
                    gate.wave = wave  # with the servers that were fetched for it
                    found.append(gate)
        return list(DecisionAnswer(found, many=True, context={**self.context, "execution": row}).data)


def _runs(row: Execution) -> list[ServerRun]:
    return [run for wave in row.waves.all() for run in wave.servers.all()]
