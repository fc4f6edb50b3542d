"""What speaks against launching servers now: a list of findings, never an exception. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from executions.decisions.surveyed import Survey, SurveyedInstance, SurveyedJob, SurveyedServer
from protection.models.servers import LAUNCHABLE, ReplicationState

# An agent that replicates reports every few minutes. Heard longer ago, what DRS says of its lag means nothing.
SEEN_WITHIN = timedelta(minutes=30)
# EC2's words for an instance that does not exist any more, or cannot be kept from going.
GONE = frozenset({"TERMINATED", "SHUTTING-DOWN", "NOT_FOUND"})
# Launchable, but only from the last consistent snapshot, which may be older than the lag says.
BEHIND = frozenset({ReplicationState.BACKLOG, ReplicationState.RESCAN})


class Code(StrEnum):
    """What a finding is about."""

    REPLICATION = "REPLICATION"
    STALE = "STALE"
    RPO = "RPO"
    MISSING = "MISSING"
    BUSY = "BUSY"
    NATIVE_PLAN = "NATIVE_PLAN"
    LIVE_INSTANCE = "LIVE_INSTANCE"
    DRILL_INSTANCE = "DRILL_INSTANCE"
    HELD = "HELD"
    INITIATOR = "INITIATOR"
    SNAPSHOT = "SNAPSHOT"
    QUOTA_JOBS = "QUOTA_JOBS"
    QUOTA_SERVERS = "QUOTA_SERVERS"
    REGION = "REGION"
    ACCOUNT = "ACCOUNT"
    PERMISSION = "PERMISSION"
    UNKNOWN = "UNKNOWN"


class Severity(StrEnum):
    """How much it weighs. Problems and unknowns stop a drill; a recovery goes on when a person lets them pass."""

    PROBLEM = "PROBLEM"
    UNKNOWN = "UNKNOWN"
    WARNING = "WARNING"


# Ways in which a place does not answer: who lets one pass means the place, whatever the reason is by then.
UNANSWERED = frozenset({Code.UNKNOWN, Code.REGION, Code.ACCOUNT})
# These have a consent of their own, or another way out; the general override is no way past them.
NOT_OVERRIDABLE = frozenset({Code.LIVE_INSTANCE, Code.HELD, Code.SNAPSHOT})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a launch. `sentence` names the object and what to do.

    `source_server_id` is empty for what concerns more than one server. `subject` is what else it is about: a job, an
    instance, an execution, or a place.
    """

    code: Code
    severity: Severity
    sentence: str
    source_server_id: str = ""
    subject: str = ""

    @property
    def is_blocking(self) -> bool:
        """True for a problem and for what is not known."""
        return self.severity != Severity.WARNING

    @property
    def is_overridable(self) -> bool:
        """True when a person may let it pass with a reason."""
        return self.code not in NOT_OVERRIDABLE

    @property
    def key(self) -> str:
        """The same for the same trouble of the same server or place, also when its details have changed."""
        code = Code.UNKNOWN if self.code in UNANSWERED else self.code
        return f"{code}:{self.source_server_id or self.subject}"

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept with an execution when it was let pass."""
        return {
            "key": self.key,
            "code": str(self.code),
            "severity": str(self.severity),
            "serverId": self.source_server_id,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """A server that is to be launched: its name, and the RPO of its protection group."""

    source_server_id: str
    name: str
    rpo_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What does not count: jobs of our own, those that are waited for (by id, with a name), consents by server id."""

    own_jobs: Collection[str] = frozenset()
    awaited_jobs: Mapping[str, str] = field(default_factory=dict)
    launch_over: Collection[str] = frozenset()


NOTHING_ALLOWED = Allowed()


def findings(
    wanted: Sequence[Wanted], survey: Survey, *, now: datetime, allowed: Allowed = NOTHING_ALLOWED
) -> list[Finding]:
    """Return what `survey` says against launching the `wanted` servers of its account and Region.

    A server whose snapshot was chosen is judged like the others: its replication state decides whether DRS launches.
    """
    servers = {server.source_server_id: server for server in survey.servers}
    jobs = {server_id: job for job in survey.live_jobs for server_id in job.servers}
    natives = {server_id: run for run in survey.native_runs for server_id in run.servers}
    instances: dict[str, list[SurveyedInstance]] = {}
    for instance in survey.instances:
        instances.setdefault(instance.source_server_id, []).append(instance)
    found: list[Finding] = []
    if survey.native_error and wanted:
        found.append(_natives_unknown(survey))
    for each in wanted:
        found += replication(each, servers.get(each.source_server_id), now)
        found += busy(each, jobs.get(each.source_server_id), allowed)
        run = natives.get(each.source_server_id)
        if run is not None:
            name = run.arn.rpartition("/")[2]
            sentence = (
                f"{each.name} is in execution {name} of a recovery plan of AWS ({run.mode.lower()}), which is running. "
                "Wait until it has ended, or cancel it in DRS."
            )
            found.append(Finding(Code.NATIVE_PLAN, Severity.PROBLEM, sentence, each.source_server_id, run.arn))
        for instance in instances.get(each.source_server_id, []):
            found += replaced(each, instance, allowed)
    return found


def replication(wanted: Wanted, server: SurveyedServer | None, now: datetime) -> list[Finding]:
    """Judge whether DRS can launch the server, and from data that are fresh enough."""
    name, server_id = wanted.name, wanted.source_server_id
    if server is None:
        sentence = f"DRS no longer has {name} ({server_id}). Remove it from its protection group."
        return [Finding(Code.MISSING, Severity.PROBLEM, sentence, server_id)]
    if not server.state:
        sentence = f"DRS does not say whether {name} replicates. Look at it in DRS."
        return [Finding(Code.REPLICATION, Severity.UNKNOWN, sentence, server_id)]
    if server.state not in LAUNCHABLE:
        why = f": {server.stalled_reason.rstrip('.')}" if server.stalled_reason else ""
        sentence = f"{name} does not replicate (state {_words(server.state)}). Repair its replication in DRS{why}."
        return [Finding(Code.REPLICATION, Severity.PROBLEM, sentence, server_id)]
    return [*_seen(wanted, server, now), *_lag(wanted, server), *_behind(wanted, server)]


def _seen(wanted: Wanted, server: SurveyedServer, now: datetime) -> list[Finding]:
    name, server_id = wanted.name, wanted.source_server_id
    if server.last_seen_at is None:
        sentence = f"DRS does not say when it last heard from {name}, so how fresh its data are is unknown."
        return [Finding(Code.STALE, Severity.UNKNOWN, sentence, server_id)]
    if now - server.last_seen_at > SEEN_WITHIN:
        sentence = (
            f"DRS last heard from {name} at {server.last_seen_at:%Y-%m-%d %H:%M} UTC, more than "
            f"{SEEN_WITHIN.seconds // 60} min ago. Check the server and its replication agent."
        )
        return [Finding(Code.STALE, Severity.PROBLEM, sentence, server_id)]
    return []


def _lag(wanted: Wanted, server: SurveyedServer) -> list[Finding]:
    if wanted.rpo_minutes is None:
        return []
    name, limit = wanted.name, wanted.rpo_minutes
    if server.lag_seconds is None:
        sentence = f"DRS does not say how far {name} lags behind: unknown whether it keeps its RPO of {limit} min."
        return [Finding(Code.RPO, Severity.UNKNOWN, sentence, wanted.source_server_id)]
    if server.lag_seconds > limit * 60:
        minutes = server.lag_seconds // 60
        sentence = (
            f"{name} lags {minutes} min behind, and its RPO is {limit} min. Wait until its replication has caught up."
        )
        return [Finding(Code.RPO, Severity.PROBLEM, sentence, wanted.source_server_id)]
    return []


def _behind(wanted: Wanted, server: SurveyedServer) -> list[Finding]:
    if server.state not in BEHIND:
        return []
    sentence = f"{wanted.name} is in {_words(server.state)}: it would launch from its last consistent snapshot."
    return [Finding(Code.REPLICATION, Severity.WARNING, sentence, wanted.source_server_id)]


def busy(wanted: Wanted, job: SurveyedJob | None, allowed: Allowed) -> list[Finding]:
    """Judge a live job that has the server: DRS takes a server into one job at a time, launching or terminating."""
    if job is None or job.job_id in allowed.own_jobs:
        return []
    name, server_id = wanted.name, wanted.source_server_id
    if job.job_id in allowed.awaited_jobs:
        label = allowed.awaited_jobs[job.job_id]
        sentence = f"{name} is still in DRS job {job.job_id} of {label}. Its launch waits until that job has ended."
        return [Finding(Code.BUSY, Severity.WARNING, sentence, server_id, job.job_id)]
    kind = f" ({_words(job.type)})" if job.type else ""
    sentence = f"{name} is in DRS job {job.job_id}{kind}. Wait until the job has ended."
    return [Finding(Code.BUSY, Severity.PROBLEM, sentence, server_id, job.job_id)]


def replaced(wanted: Wanted, instance: SurveyedInstance, allowed: Allowed) -> list[Finding]:
    """Judge an instance that a launch would replace: a drill's is a warning, a real one needs its own consent."""
    if instance.state in GONE:
        return []
    name, server_id, instance_id = wanted.name, wanted.source_server_id, instance.recovery_instance_id
    if instance.is_drill:
        sentence = f"{name} has the drill instance {instance_id}, which a new launch replaces."
        return [Finding(Code.DRILL_INSTANCE, Severity.WARNING, sentence, server_id, instance_id)]
    state = f" ({_words(instance.state)})" if instance.state else ""
    if instance.job_id and instance.job_id in allowed.own_jobs:
        sentence = f"{name} has the recovery instance {instance_id}{state} of this execution, which is replaced."
        return [Finding(Code.LIVE_INSTANCE, Severity.WARNING, sentence, server_id, instance_id)]
    if server_id in allowed.launch_over:
        sentence = f"{name} has the recovery instance {instance_id}{state}, which is replaced, as you have confirmed."
        return [Finding(Code.LIVE_INSTANCE, Severity.WARNING, sentence, server_id, instance_id)]
    return [live_instance(wanted, instance_id, state)]


def live_instance(wanted: Wanted, instance_id: str, state: str = "") -> Finding:
    """Return the finding that only its own consent lets pass: the launch would destroy a recovered server."""
    sentence = (
        f"{wanted.name} runs as recovery instance {instance_id}{state}, which is no drill's: a launch replaces it. "
        "Terminate it first, or name the server as one to launch over."
    )
    return Finding(Code.LIVE_INSTANCE, Severity.PROBLEM, sentence, wanted.source_server_id, instance_id)


def unknown(place: str, reason: str, code: Code = Code.UNKNOWN) -> Finding:
    """Return the finding for a place that could not be asked, or not lately."""
    sentence = f"Unknown whether the servers in {place} are ready: {reason}"
    return Finding(code, Severity.UNKNOWN, sentence, subject=place)


def held(wanted: Wanted) -> Finding:
    """Return the finding for a server that another execution holds: which, is said by what is scoped."""
    sentence = (
        f"{wanted.name} is in use by another execution. The plan's page names it to whoever may see it: wait until it "
        "has ended, or cancel it."
    )
    return Finding(Code.HELD, Severity.PROBLEM, sentence, wanted.source_server_id)


def initiator(name: str, *, is_active: bool, is_drill: bool) -> Finding:
    """Return the finding for an execution whose initiator is not active any more, or may not execute it any more."""
    mode = "drill" if is_drill else "recovery"
    lost = "may no longer execute it" if is_active else "is no longer active here"
    way = (
        "Have the access given back, or cancel it and let somebody start it who may."
        if is_drill
        else "Somebody else who may execute it has to take it on, or cancel it."
    )
    return Finding(Code.INITIATOR, Severity.PROBLEM, f"{name}, who started this {mode}, {lost}. {way}", subject=name)


def still_blocking(found: Iterable[Finding], let_pass: Iterable[Any]) -> list[Finding]:
    """Return the findings that still stop a launch when `let_pass` was let pass before.

    `let_pass` is what an execution or a wave has kept: `to_json` of findings, their keys, or their sentences. Details
    that have changed since (the lag, the state) do not make it another problem.
    """
    known = {entry if isinstance(entry, str) else entry["key"] for entry in let_pass}
    return [each for each in found if each.is_blocking and not known & {each.key, each.sentence}]


def _natives_unknown(survey: Survey) -> Finding:
    sentence = (
        f"Unknown whether a recovery plan of AWS runs in {survey.region} of {survey.account_id}: {survey.native_error}"
    )
    return Finding(Code.NATIVE_PLAN, Severity.UNKNOWN, sentence, subject=f"{survey.region} of {survey.account_id}")


def _words(value: str) -> str:
    return value.lower().replace("_", " ")
