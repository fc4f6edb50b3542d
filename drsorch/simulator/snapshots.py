"""Recovery snapshots: points in time to launch a source server from. Worked out from the clock, not stored."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from drsorch.simulator.documents.replication import ERRORS, replication_state
from drsorch.simulator.records import SourceServer

# What DRS sets up: every ten minutes for an hour, every hour for a day, every day for a week.
DEFAULT_POLICY: list[dict[str, Any]] = [
    {"ruleID": 1, "units": "MINUTE", "interval": 10, "retentionDuration": 60, "enabled": True},
    {"ruleID": 2, "units": "HOUR", "interval": 1, "retentionDuration": 24, "enabled": True},
    {"ruleID": 3, "units": "DAY", "interval": 1, "retentionDuration": 7, "enabled": True},
]
UNIT_SECONDS = {"MINUTE": 60, "HOUR": 3600, "DAY": 86400}
TAKEN_AFTER = 90.0
WITHOUT_SNAPSHOTS = {"INITIATING", "INITIAL_SYNC", "STOPPED"}


@dataclass(frozen=True)
class Snapshot:
    """A point in time; `taken_at` is None while the snapshot is being taken."""

    id: str
    expected_at: float
    taken_at: float | None
    volumes: tuple[str, ...]


def snapshots_of(server: SourceServer, now: float) -> list[Snapshot]:
    """The snapshots kept at `now`, oldest first. One that replicates no more keeps what it had when it broke off."""
    state = replication_state(server, now)
    if server.protected_since is None or state in WITHOUT_SNAPSHOTS:
        return []
    end = server.broken_at if state in ERRORS else now
    return [_snapshot(server, moment, end) for moment in sorted(_moments(server, end))]


def find_snapshot(server: SourceServer, snapshot_id: str, now: float) -> Snapshot | None:
    """The snapshot of that id, or None when the server does not have it, or no longer."""
    return next((snapshot for snapshot in snapshots_of(server, now) if snapshot.id == snapshot_id), None)


def latest_snapshot(server: SourceServer, now: float) -> Snapshot | None:
    """The newest snapshot that is complete, or None."""
    return next((snapshot for snapshot in reversed(snapshots_of(server, now)) if snapshot.taken_at is not None), None)


def _moments(server: SourceServer, end: float) -> set[int]:
    """Rules share their multiples, so that the snapshot of a full hour is also that of its ten minutes."""
    found: set[int] = set()
    shift = server.seed % 600
    for rule in server.replication_settings.get("pitPolicy", DEFAULT_POLICY):
        if not rule.get("enabled", True):
            continue
        unit = UNIT_SECONDS[rule["units"]]
        interval, kept = rule["interval"] * unit, rule["retentionDuration"] * unit
        latest = int((end - shift) // interval) * interval + shift
        oldest = max(end - kept, server.protected_since or 0.0)
        found.update(moment for moment in range(latest, int(oldest), -interval) if moment > oldest)
    return found


def _snapshot(server: SourceServer, moment: int, end: float) -> Snapshot:
    digest = _hash(server.id, moment)
    taken_at = moment + 1 + server.seed % 9
    return Snapshot(
        id=f"pit-{digest[:17]}",
        expected_at=float(moment),
        taken_at=taken_at + (int(digest[17:22], 16) / 0x100000) if end >= moment + TAKEN_AFTER else None,
        volumes=tuple(
            f"snap-{_hash(server.id, moment, disk)[:17]}" for disk, _ in enumerate(server.description.disks_gib)
        ),
    )


def _hash(*parts: object) -> str:
    return sha256("/".join(map(str, parts)).encode()).hexdigest()
