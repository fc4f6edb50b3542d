"""Look before a start: what would run, and what speaks against it. May ask AWS; writes nothing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from drsorch.aws import drs, sessions
from drsorch.aws.errors import AwsError
from drsorch.errors import Conflict, Invalid, NotReady
from executions.states import Mode
from plans.models import Member, RecoveryPlan, Wave
from protection.models import ServerHold, SourceServer
from protection.models.servers import LAUNCHABLE


@dataclass(frozen=True, slots=True)
class Look:
    """A plan as it would run now: its waves with their servers, and the problems found."""

    plan: RecoveryPlan
    waves: tuple[tuple[Wave, tuple[Member, ...]], ...]
    problems: list[str] = field(default_factory=list)

    @property
    def servers(self) -> list[SourceServer]:
        """All servers, in wave order."""
        return [member.server for _, members in self.waves for member in members]

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
            seen.problems.extend(_problems_at(region, servers))
    return seen


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


def _by_place(servers: Iterable[SourceServer]) -> dict[tuple[int, str], list[SourceServer]]:
    places: dict[tuple[int, str], list[SourceServer]] = defaultdict(list)
    for server in servers:
        places[server.account_id, server.region].append(server)
    return places


def _problems_at(region: str, servers: list[SourceServer]) -> list[str]:
    """Ask DRS about the servers of one account and Region: replication, and jobs that have them now."""
    account = servers[0].account
    try:
        client = sessions.client(account, region, "drs", purpose="readiness")
        found = {row.source_server_id: row for row in drs.describe_source_servers(client, _ids(servers))}
        jobs = [job for job in drs.describe_jobs(client) if job.status != "COMPLETED"]
    except AwsError as error:
        return [f"Unknown whether the servers in {region} of {account} are ready: {error.message}"]
    busy = {server.source_server_id: job.job_id for job in jobs for server in job.servers}
    return [problem for server in servers for problem in _problems_of(server, found.get(server.source_server_id), busy)]


def _problems_of(server: SourceServer, found: drs.SourceServer | None, busy: dict[str, str]) -> list[str]:
    if found is None:
        return [f"DRS no longer has {server} ({server.source_server_id}). Remove it from its protection group."]
    problems = []
    if found.replication_state not in LAUNCHABLE:
        state = found.replication_state.lower().replace("_", " ") or "unknown"
        problems.append(f"{server} does not replicate (state {state}). Repair its replication in DRS.")
    if server.source_server_id in busy:
        problems.append(f"{server} is in DRS job {busy[server.source_server_id]}. Wait until the job has ended.")
    return problems


def _ids(servers: Iterable[SourceServer]) -> list[str]:
    return [server.source_server_id for server in servers]
