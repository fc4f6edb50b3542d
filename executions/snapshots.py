"""Find the recovery snapshots from which a start at an earlier point in time launches its servers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone

from drsorch.aws import calls, drs, sessions
from drsorch.aws.errors import AwsError
from drsorch.errors import Invalid
from executions.decisions.readiness import Code, Finding, Severity
from protection.models import SourceServer

# None: the latest state. A time: the last snapshot at or before it. Or, by server, a snapshot's id, a time or LATEST;
# EVERY_OTHER has the time for those that are not named, which have their latest state without it.
PointInTime = datetime | Mapping[str, str | datetime] | None
EVERY_OTHER = "*"
LATEST = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The snapshot from which a server is launched, and when it was taken."""

    snapshot_id: str
    taken_at: datetime


def choose(servers: Sequence[SourceServer], wanted: PointInTime) -> tuple[dict[int, Chosen], list[Finding]]:
    """Return the snapshot of each server by its key, and a finding for each that has none.

    Asks DRS once per server that is not launched from its latest state. Raises Invalid for a time in the future and
    for servers that are not among `servers`.
    """
    chosen: dict[int, Chosen] = {}
    found: list[Finding] = []
    for server, want in _wanted(servers, wanted):
        try:
            snapshot = _snapshot(server, want)
        except AwsError as error:
            sentence = f"Unknown which snapshots {server} has: {error.message}"
            found.append(Finding(Code.SNAPSHOT, Severity.UNKNOWN, sentence, server.source_server_id))
            continue
        if snapshot is None:
            found.append(Finding(Code.SNAPSHOT, Severity.PROBLEM, _none(server, want), server.source_server_id))
        else:
            chosen[server.pk] = snapshot
    return chosen, found


def _wanted(servers: Sequence[SourceServer], wanted: PointInTime) -> list[tuple[SourceServer, str | datetime]]:
    by_id = {server.source_server_id: server for server in servers}
    named = {key: want for key, want in wanted.items() if key != EVERY_OTHER} if isinstance(wanted, Mapping) else {}
    strangers = sorted(named.keys() - by_id.keys())
    if strangers:
        raise Invalid(f"A point in time is given for {', '.join(strangers)}, which the plan does not have.")
    chosen = {
        key: _checked(want, [by_id[key]]) if isinstance(want, datetime) else want
        for key, want in named.items()
        if want != LATEST
    }
    at = time_of_all(wanted)
    others = dict.fromkeys(by_id.keys() - named.keys(), _checked(at, servers)) if at else {}
    return [(server, want) for key, server in by_id.items() if (want := chosen.get(key) or others.get(key))]


def time_of_all(wanted: PointInTime) -> datetime | None:
    """Return the time whose snapshots are wanted of all servers that are not named; None: their latest state."""
    found = wanted.get(EVERY_OTHER) if isinstance(wanted, Mapping) else wanted
    return found if isinstance(found, datetime) else None


def in_words(wanted: PointInTime) -> str:
    """Return what was asked for, for the audit trail: the time for all, then what was chosen for single servers."""
    named = wanted if isinstance(wanted, Mapping) else {}
    chosen = [f"{key}: {want or 'latest'}" for key, want in sorted(named.items()) if key != EVERY_OTHER]
    return ", ".join(filter(None, [str(time_of_all(wanted) or ""), *chosen]))


def of_server(servers: Sequence[SourceServer], server_id: str) -> tuple[SourceServer, list[Chosen]]:
    """Return the one of `servers` with that id and its complete snapshots, newest first. Asks DRS once.

    Raises Invalid when none has the id, and AwsError.
    """
    server = next((server for server in servers if server.source_server_id == server_id), None)
    if server is None:
        raise Invalid("Choose a server of the plan to see its snapshots.")
    rows = drs.describe_recovery_snapshots(_client(server), server.source_server_id)
    return server, [Chosen(row.snapshot_id, row.taken_at) for row in rows if row.snapshot_id and row.taken_at]


def _checked(at: datetime, servers: Sequence[SourceServer]) -> datetime:
    """Return the time as an aware one; one without a zone is UTC.

    Snapshots carry DRS's time. What has come by its clock, or by ours, is not in the future.
    """
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    places = {(server.account_id, server.region): server for server in servers}
    now = max([timezone.now(), *(now_at(server) for server in places.values())])
    if at > now:
        raise Invalid(
            f"The point in time {at:%Y-%m-%d %H:%M} is in the future: it is {now:%Y-%m-%d %H:%M} UTC. Choose an "
            "earlier one, or the latest."
        )
    return at


def now_at(server: SourceServer) -> datetime:
    """Return the time at the server's place by DRS's clock, as of its last answer to this process. No AWS."""
    return calls.CLOCKS.now((server.account.account_id, server.region, "drs"))


def _snapshot(server: SourceServer, want: str | datetime) -> Chosen | None:
    """Return the snapshot of that id, or the last one taken at or before that time. One being taken is none yet."""
    until = want if isinstance(want, datetime) else None
    for row in drs.describe_recovery_snapshots(_client(server), server.source_server_id, until=until):
        fits = row.snapshot_id == want if until is None else row.taken_at is not None and row.taken_at <= until
        if fits and row.snapshot_id and row.taken_at is not None:
            return Chosen(row.snapshot_id, row.taken_at)
    return None


def _client(server: SourceServer) -> calls.Client:
    return sessions.client(server.account, server.region, "drs", purpose="readiness")


def _none(server: SourceServer, want: str | datetime) -> str:
    if isinstance(want, str):
        return f"{server} has no complete snapshot {want}. Choose another one, or its latest state."
    return (
        f"{server} has no snapshot at or before {want:%Y-%m-%d %H:%M} UTC. Choose a later time, or its latest state "
        "for this server."
    )
