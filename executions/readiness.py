"""Look before a start and before each wave: what would run, and what speaks against it. Writes only surveys."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from drsorch.aws.errors import AwsDenied, AwsError, AwsNotReady
from drsorch.errors import Conflict, Invalid, NotReady
from executions import survey as surveys
from executions.decisions import readiness as decide
from executions.decisions.readiness import Allowed, Code, Finding, Severity, Wanted, findings
from executions.models import Execution, Job, ServerRun, WaveRun
from executions.states import OPEN_CALL, LaunchStatus, Mode
from plans.models import Member, RecoveryPlan, Wave
from protection.models import ServerHold, SourceServer, TargetAccount

Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Look:
    """A plan as it would run now: its waves with their servers, and what was found."""

    plan: RecoveryPlan
    waves: tuple[tuple[Wave, tuple[Member, ...]], ...]
    findings: list[Finding] = field(default_factory=list)

    @property
    def servers(self) -> list[SourceServer]:
        """All servers, in wave order."""
        return [member.server for _, members in self.waves for member in members]

    @property
    def problems(self) -> list[str]:
        """What stops a drill, one sentence each."""
        return [finding.sentence for finding in self.findings if finding.is_blocking]

    def refuse_unless_ready(self, mode: str) -> None:
        """Raise for what stops a start: no servers, a recovery (not offered yet), a running execution, problems."""
        if mode != Mode.DRILL:
            raise Invalid(
                "A recovery needs start checks that this version does not have yet. Start a drill instead.",
                code="RECOVERY_NOT_OFFERED",
            )
        if self.plan.active_execution:
            raise Conflict(
                f"{self.plan} is already running: execution {str(self.plan.active_execution)[:8]}. Wait until it has "
                "ended, or cancel it.",
                code="ACTIVE_EXECUTION",
                details={"executionId": str(self.plan.active_execution)},
            )
        refuse_held(self.servers)
        if self.problems:
            raise NotReady(
                f"{self.plan} is not ready: {' '.join(self.problems)}", details={"problems": list(self.problems)}
            )


def look(plan: RecoveryPlan, *, ask_aws: bool = True) -> Look:
    """Return what a start of `plan` would run and what speaks against it now.

    Asks AWS, unless told not to; what could not be asked is a problem, never "fine". Raises Invalid for an empty wave.
    """
    plan = RecoveryPlan.objects.for_detail().get(pk=plan.pk)
    waves = tuple((wave, tuple(wave.members())) for wave in plan.waves.all())
    for wave, members in waves:
        if not members:
            raise Invalid(f"{wave} has no server any more. Edit the plan first.")
    if not waves:
        raise Invalid(f"{plan} has no wave. Edit the plan first.")
    seen = Look(plan=plan, waves=waves)
    if ask_aws:
        for (_, region), servers in _by_place(seen.servers).items():
            seen.findings.extend(_findings_at(servers[0].account, region, servers))
    return seen


def of_wave(wave_run: WaveRun, now: datetime, max_age_seconds: float | None = None) -> list[Finding]:
    """Return what speaks against launching the servers of a wave that have not been sent to DRS. No AWS.

    From stored surveys only: a place whose survey is missing or older than `max_age_seconds` (by default two rounds of
    SURVEY_SECONDS) is one finding UNKNOWN. Jobs and instances of this execution do not count, jobs of drills that it
    has pre-empted are waited for, and what was let pass at the start or at this wave's gate is left out.
    """
    execution = wave_run.execution
    unsent = wave_run.servers.filter(launch_status=LaunchStatus.PENDING).exclude(launches__status__in=OPEN_CALL)
    runs = list(unsent.select_related("account", "server__group"))
    allowed = _allowed(execution)
    age = 2 * settings.SURVEY_SECONDS if max_age_seconds is None else max_age_seconds
    found = _held_by_others(runs, execution)
    for (account_id, region), members in _runs_by_place(runs).items():
        survey = surveys.latest(account_id, region, age)
        if survey is None:
            reason = f"DRS was not asked successfully within {age:.0f} s. {surveys.failure(account_id, region)}"
            found.append(decide.unknown(f"{region} of {members[0].account}", reason.strip()))
        else:
            found += findings([_wanted_run(run) for run in members], survey, now=now, allowed=allowed)
    let_pass = [*execution.overridden, *wave_run.accepted_problems]
    blocking = decide.still_blocking(found, let_pass)
    return [finding for finding in found if not finding.is_blocking or finding in blocking]


def refuse_held(servers: Iterable[SourceServer]) -> None:
    """Raise Conflict (SERVER_CONFLICT) naming the execution that holds each server that is held."""
    holds = list(ServerHold.objects.filter(server__in=list(servers)).select_related("server"))
    if holds:
        raise Conflict(
            " ".join(f"{hold.server} is in use by {hold.label}." for hold in holds)
            + " Wait until it has ended, or cancel it.",
            code="SERVER_CONFLICT",
            details={"servers": {hold.server.source_server_id: str(hold.holder) for hold in holds}},
        )


def _by_place(servers: Iterable[SourceServer]) -> dict[Place, list[SourceServer]]:
    places: dict[Place, list[SourceServer]] = defaultdict(list)
    for server in servers:
        places[server.account_id, server.region].append(server)
    return places


def _findings_at(account: TargetAccount, region: str, servers: Sequence[SourceServer]) -> list[Finding]:
    """Ask DRS about one account and Region: replication, live jobs, native plans, instances."""
    try:
        survey = surveys.refresh(account, region)
    except AwsError as error:
        return [_unanswered(account, region, error)]
    return findings([wanted(server) for server in servers], survey, now=survey.taken_at)


def _unanswered(account: TargetAccount, region: str, error: AwsError) -> Finding:
    """Say why a place could not be asked: a state of the Region, of the account's access, or nobody knows."""
    finding = decide.unknown(f"{region} of {account}", error.message)
    code = Code.REGION if isinstance(error, AwsNotReady) else Code.ACCOUNT if isinstance(error, AwsDenied) else None
    return finding if code is None else Finding(code, Severity.UNKNOWN, finding.sentence, subject=finding.subject)


def wanted(server: SourceServer) -> Wanted:
    """Return what the decisions need to know of a server."""
    return Wanted(server.source_server_id, server.name, server.group.rpo_minutes if server.group else None)


def _wanted_run(run: ServerRun) -> Wanted:
    group = run.server.group if run.server else None
    return Wanted(run.source_server_id, run.name, group.rpo_minutes if group else None)


def _runs_by_place(runs: Iterable[ServerRun]) -> dict[Place, list[ServerRun]]:
    places: dict[Place, list[ServerRun]] = defaultdict(list)
    for run in runs:
        places[run.account_id, run.region].append(run)
    return places


def _allowed(execution: Execution) -> Allowed:
    """What does not count for `execution`: its own jobs, and those of the drills that made way for it."""
    own = set(Job.objects.filter(launch__wave__execution=execution).values_list("job_id", flat=True))
    awaited = {
        job_id: f"drill {str(pk)[:8]}, which made way for this recovery"
        for job_id, pk in Job.objects.filter(launch__wave__execution__preempted_by=execution).values_list(
            "job_id", "launch__wave__execution"
        )
    }
    consented = {entry["serverId"] for entry in execution.overridden if entry["code"] == Code.LIVE_INSTANCE}
    return Allowed(own_jobs=own, awaited_jobs=awaited, launch_over=consented)


def _held_by_others(runs: Collection[ServerRun], execution: Execution) -> list[Finding]:
    holds = ServerHold.objects.filter(server__in=[run.server_id for run in runs]).exclude(holder=execution.pk)
    by_server = {hold.server_id: hold for hold in holds}
    return [
        decide.held(_wanted_run(run), by_server[run.server_id].label, str(by_server[run.server_id].holder))
        for run in runs
        if run.server_id in by_server
    ]
