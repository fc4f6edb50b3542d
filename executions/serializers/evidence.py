"""What executions leave behind: instances, events, jobs and their logs, terminations, and looks before a start."""

from typing import Any

from rest_framework import serializers

from drsorch.api.fields import Flag, Text, Whole
from drsorch.api.serializers import Answer
from executions.serializers.executions import JobOfWaveAnswer, ServerRunAnswer
from executions.states import Mode


class InstanceAnswer(ServerRunAnswer):
    """A recovery instance that the execution launched."""

    waveNumber = Whole(source="wave.number")
    launchedAt = serializers.DateTimeField(source="launched_at", allow_null=True)
    terminatedAt = serializers.DateTimeField(source="terminated_at", allow_null=True)


class LaunchedInstanceAnswer(InstanceAnswer):
    """A recovery instance, and by which execution it was launched."""

    executionId = serializers.UUIDField(source="wave.execution_id")
    executionType = serializers.ChoiceField(source="wave.execution.mode", choices=Mode.choices)
    planId = serializers.CharField(source="wave.execution.plan_id", allow_null=True)
    planName = Text(source="wave.execution.plan_name")


class MachineAnswer(Answer):
    """An instance in EC2's words. All but `askedAt` are empty when EC2 knows no such instance, or not any more."""

    askedAt = serializers.DateTimeField(source="asked_at")
    state = Text()
    instanceCheck = Text(source="instance_check")
    systemCheck = Text(source="system_check")
    privateIp = Text(source="private_ip")
    instanceType = Text(source="instance_type")


class LiveInstanceAnswer(LaunchedInstanceAnswer):
    """A recovery instance as its execution knows it, and as EC2 says that it is now."""

    live = MachineAnswer()


class SnapshotAnswer(Answer):
    """A point in time from which the server can be launched."""

    snapshotId = Text(source="snapshot_id")
    takenAt = serializers.DateTimeField(source="taken_at")


class SnapshotsAnswer(Answer):
    """The complete recovery snapshots of a server, the newest first."""

    snapshots = SnapshotAnswer(many=True)


class EventAnswer(Answer):
    """One line of the timeline."""

    eventId = serializers.CharField(source="pk")
    at = serializers.DateTimeField()
    who = Text()
    what = Text()
    sentence = Text()


class JobEventAnswer(Answer):
    """A line of a DRS job's log."""

    jobId = Text(source="job.job_id")
    accountId = Text(source="job.account.account_id")
    region = Text(source="job.region")
    at = serializers.DateTimeField(allow_null=True)
    event = Text()
    sourceServerId = Text(source="source_server_id")
    rawError = Text(source="raw_error")


class JobAnswer(Answer):
    """A DRS job of ours."""

    jobId = Text(source="job_id")
    accountId = Text(source="account.account_id")
    region = Text()
    type = Text()
    status = Text()
    executionId = serializers.UUIDField(
        source="seen_execution",
        allow_null=True,
        help_text="The execution that started it; null when it is out of sight.",
    )
    createdAt = serializers.DateTimeField(source="created_at")
    polledAt = serializers.DateTimeField(source="polled_at", allow_null=True)
    endedAt = serializers.DateTimeField(source="ended_at", allow_null=True)


class TerminationAnswer(Answer):
    """How the termination of the instances stands."""

    isRequested = Flag(source="is_requested")
    requestedBy = Text(source="requested_by")
    requestedAt = serializers.DateTimeField(source="requested_at", allow_null=True)
    waitsForConfirmation = Flag(
        source="waits_for_confirmation", help_text="Nothing is terminated until a second person has confirmed."
    )
    confirmedBy = Text(source="confirmed_by")
    confirmedAt = serializers.DateTimeField(source="confirmed_at", allow_null=True)
    doneAt = serializers.DateTimeField(source="done_at", allow_null=True)
    gaveUp = Flag(source="gave_up")
    reason = Text()
    total = Whole()
    terminated = Whole()
    instancesTerminated = Flag(source="instances_terminated")
    jobs = JobOfWaveAnswer(many=True)


class OneTerminationAnswer(TerminationAnswer):
    """The same, of one execution among others."""

    executionId = serializers.UUIDField(source="execution_id")


class TerminationsAnswer(Answer):
    """How the termination of the instances stands, by execution."""

    executions = OneTerminationAnswer(many=True)


class DeletedAnswer(Answer):
    """How many executions were deleted."""

    deleted = Whole()


class FindingAnswer(Answer):
    """One thing that speaks against a launch. PROBLEM and UNKNOWN block a drill."""

    code = Text()
    severity = Text()
    sourceServerId = Text(source="source_server_id")
    subject = Text()
    sentence = Text()
    isBlocking = Flag(source="is_blocking")
    isOverridable = Flag(source="is_overridable")


class LookedAtAnswer(Answer):
    """A place of the plan, and how old what is known of it is."""

    accountId = Text(source="account.account_id")
    region = Text()
    serverCount = serializers.SerializerMethodField()
    knownAt = serializers.DateTimeField(source="survey.taken_at", default=None, allow_null=True)

    def get_serverCount(self, row: Any) -> int:
        """How many of the plan's servers are there."""
        return len(row.servers)


class HeldAnswer(Answer):
    """A server that an execution has."""

    sourceServerId = Text(source="server.source_server_id")
    executionId = serializers.UUIDField(source="holder", allow_null=True)
    label = Text()  # type: ignore[assignment]


class ReadinessAnswer(Answer):
    """Whether a start would go on now. `asked` false: nobody was asked, it is what was known at `knownAt`."""

    ready = Flag()
    asked = Flag()
    activeExecutionId = serializers.UUIDField(allow_null=True)
    held = HeldAnswer(many=True)
    findings = FindingAnswer(many=True)
    places = LookedAtAnswer(many=True)


class ExistingInstanceAnswer(Answer):
    """A recovery instance of one of the plan's servers."""

    recoveryInstanceId = Text(source="recovery_instance_id")
    sourceServerId = Text(source="source_server_id")
    serverName = Text(source="name")
    accountId = Text(source="account_id")
    region = Text()
    isDrill = serializers.BooleanField(source="is_drill", allow_null=True)
    state = Text()
    jobId = Text(source="job_id")


class UnansweredAnswer(Answer):
    """A place that could not be asked."""

    accountId = Text(source="account_id")
    region = Text()
    reason = Text()


class ExistingAnswer(Answer):
    """The recovery instances of the plan's servers, and the places that could not be asked."""

    instances = ExistingInstanceAnswer(many=True)
    unanswered = UnansweredAnswer(many=True)


class QuotaAnswer(Answer):
    """A quota, and how much of it is used; null when nobody has looked."""

    limit = Whole()
    used = Whole(allow_null=True)


class QuotasAnswer(Answer):
    """DRS's quotas in a Region of an account. `usedAsOf` is when DRS was looked at last."""

    accountId = Text(source="account.account_id")
    region = Text()
    concurrentJobs = QuotaAnswer()
    serversInJobs = QuotaAnswer()
    replicatingServers = QuotaAnswer()
    serversPerJob = Whole()
    readAt = serializers.DateTimeField(allow_null=True)
    usedAsOf = serializers.DateTimeField(allow_null=True)
