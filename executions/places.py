"""What is known of the servers of one account and Region before a start: from DRS now, or as it was known last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from drsorch.aws.errors import AwsDenied, AwsError, AwsNotReady
from executions import survey as surveys
from executions.decisions import readiness as decide
from executions.decisions.readiness import Allowed, Code, Finding, Wanted, findings
from executions.decisions.surveyed import Survey, SurveyedInstance, SurveyedServer
from protection.models import SourceServer, TargetAccount
from protection.quotas import Quotas, quotas_of


@dataclass(frozen=True, slots=True)
class PlaceLook:
    """One account and Region of a plan: its servers, its quotas, what is known of it, and what was found.

    `survey` None: DRS was asked and did not answer.
    """

    account: TargetAccount
    region: str
    servers: tuple[SourceServer, ...]
    quotas: Quotas
    survey: Survey | None
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        return f"{self.region} of {self.account}"


def look_at_all(groups: Sequence[Sequence[SourceServer]], allowed: Allowed, *, ask_aws: bool) -> list[PlaceLook]:
    """Look at servers, grouped by account and Region. A place that does not answer is itself a finding there."""
    places = [(servers[0].account, servers[0].region) for servers in groups]
    answers: Sequence[Survey | AwsError] = (
        surveys.refresh_all(places) if ask_aws else [_known(servers) for servers in groups]
    )
    return [
        _look_at(servers, answer, allowed, now=timezone.now() if ask_aws else None)
        for servers, answer in zip(groups, answers, strict=True)
    ]


def _look_at(
    servers: Sequence[SourceServer], answer: Survey | AwsError, allowed: Allowed, *, now: datetime | None
) -> PlaceLook:
    """Judge the servers by what was answered; `now` None: what is known is judged as of when it was learned."""
    account, region = servers[0].account, servers[0].region
    quotas = quotas_of(account.pk, region)
    if isinstance(answer, AwsError):
        found = [_unanswered(account, region, answer), *_live_by_inventory(servers, allowed)]
        return PlaceLook(account, region, tuple(servers), quotas, None, tuple(found))
    wanted = [wanted_server(server) for server in servers]
    found = findings(wanted, answer, now=now or answer.taken_at, allowed=allowed)
    return PlaceLook(account, region, tuple(servers), quotas, answer, tuple(found))


def wanted_server(server: SourceServer) -> Wanted:
    """Return what the decisions need to know of a server."""
    return Wanted(server.source_server_id, server.name, server.group.rpo_minutes if server.group else None)


def _known(servers: Sequence[SourceServer]) -> Survey:
    """Return the last survey of a place, or what the inventory knows when that is newer."""
    account, region = servers[0].account, servers[0].region
    synced_at = min(server.synced_at for server in servers)
    survey = surveys.latest(account.pk, region)
    if survey is not None and survey.taken_at >= synced_at:
        return survey
    present = [server for server in servers if server.missing_since is None]
    return Survey(
        account_id=account.account_id,
        region=region,
        taken_at=synced_at,
        servers=tuple(
            SurveyedServer(row.source_server_id, row.replication_state, row.lag_seconds, row.last_seen_at)
            for row in present
        ),
        instances=tuple(_inventoried(row) for row in present if row.recovery_instance_id),
    )


def _inventoried(row: SourceServer) -> SurveyedInstance:
    """Return the instance that the inventory knows; of what kind it is follows from the server's last launch."""
    is_drill = {"DRILL": True, "RECOVERY": False}.get(row.last_launch_type)
    return SurveyedInstance(row.recovery_instance_id, row.source_server_id, row.last_launch_job_id, is_drill, "")


def _live_by_inventory(servers: Sequence[SourceServer], allowed: Allowed) -> list[Finding]:
    """Where DRS does not answer, the inventory still knows which servers run as recovered ones."""
    return [
        finding
        for server in servers
        if server.recovery_instance_id
        for finding in decide.replaced(wanted_server(server), _inventoried(server), allowed)
    ]


def _unanswered(account: TargetAccount, region: str, error: AwsError) -> Finding:
    """Say why a place could not be asked: a state of the Region, of the account's access, or nobody knows."""
    kinds = ((AwsNotReady, Code.REGION), (AwsDenied, Code.ACCOUNT))
    code = next((code for kind, code in kinds if isinstance(error, kind)), Code.UNKNOWN)
    return decide.unknown(f"{region} of {account}", error.message, code)
