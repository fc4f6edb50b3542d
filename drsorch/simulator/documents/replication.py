"""How far a source server's replication is: states, lag and disks that move with virtual time."""

import math
from typing import Any

from drsorch.simulator.clock import write_timestamp
from drsorch.simulator.records import SourceServer
from drsorch.simulator.worlds.description import GIB

MINUTE, HOUR = 60, 3600
INITIATION_STEPS = (
    "WAIT",
    "CREATE_SECURITY_GROUP",
    "LAUNCH_REPLICATION_SERVER",
    "BOOT_REPLICATION_SERVER",
    "AUTHENTICATE_WITH_SERVICE",
    "DOWNLOAD_REPLICATION_SOFTWARE",
    "CREATE_STAGING_DISKS",
    "ATTACH_STAGING_DISKS",
    "PAIR_REPLICATION_SERVER_WITH_AGENT",
    "CONNECT_AGENT_TO_REPLICATION_SERVER",
    "START_DATA_TRANSFER",
)
ERRORS = {
    "STALLED": ("NOT_CONVERGING", "The replication lag grows faster than data can be sent."),
    "DISCONNECTED": ("AGENT_NOT_SEEN", "The agent has not been seen by the service."),
}
SYNC_SECONDS = 48 * HOUR
SYNC_HEAD_START = 0.4
# Replication that begins from nothing: until how many seconds after the start it is in which state.
RESTART = ((2 * MINUTE, "INITIATING"), (15 * MINUTE, "INITIAL_SYNC"), (17 * MINUTE, "CREATING_SNAPSHOT"))
RESTART_SECONDS = RESTART[-1][0]
NEVER_LAGGING = {"STOPPED", "INITIATING"}


def data_replication(server: SourceServer, region: str, now: float) -> dict[str, Any]:
    """dataReplicationInfo. A server that is DISCONNECTED has no lag: AWS nulls it."""
    state = replication_state(server, now)
    lag = lag_seconds(server, now)
    document: dict[str, Any] = {
        "dataReplicationState": state,
        "dataReplicationInitiation": _initiation(server, state),
        "replicatedDisks": _disks(server, state, lag, now),
        "stagingAvailabilityZone": f"{region}a",
    }
    if state != "DISCONNECTED":
        document["lagDuration"] = write_duration(lag)
    if state == "INITIAL_SYNC":
        document["etaDateTime"] = write_timestamp(_synced_at(server, now))
    if state in ERRORS and not server.is_disconnected:
        error, raw = ERRORS[state]
        document["dataReplicationError"] = {"error": error, "rawError": raw}
    return document


def replication_state(server: SourceServer, now: float) -> str:
    """The state that a server is described with, or how far it has got since its replication began from nothing."""
    if server.restarted_at is not None:
        for until, state in RESTART:
            if now < server.restarted_at + until:
                return state
    return server.description.replication


def lag_seconds(server: SourceServer, now: float) -> float:
    """A healthy lag swings around its usual value; a stalled one grows from the moment replication broke."""
    state = replication_state(server, now)
    if state in ERRORS:
        return now - server.broken_at
    if state in NEVER_LAGGING:
        return 0.0
    usual = server.description.lag_seconds
    swing = 2 + usual * 0.25
    period = 5 * MINUTE + server.seed % (7 * MINUTE)
    return max(0.0, usual + swing * math.sin(2 * math.pi * now / period + server.seed % 7) - 1)


def last_seen_at(server: SourceServer, now: float) -> float:
    """When the agent last reported: within the last minute, unless it is gone."""
    if replication_state(server, now) == "DISCONNECTED":
        return server.broken_at
    return now - server.seed % MINUTE


def write_duration(seconds: float) -> str:
    """ISO 8601 as AWS writes it: `P0D` for no lag, else `P0DT0H1M2.5S`."""
    tenths = round(seconds * 10)
    if tenths == 0:
        return "P0D"
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"P{days}DT{hours}H{minutes}M{rest / 10:g}S"


def _initiation(server: SourceServer, state: str) -> dict[str, Any]:
    """The steps to the first byte; while they are taken, one is in progress."""
    done = 5 if state == "INITIATING" else len(INITIATION_STEPS)
    status = {done: "IN_PROGRESS"}
    return {
        "startDateTime": write_timestamp(server.added_at if server.restarted_at is None else server.restarted_at),
        "steps": [
            {"name": name, "status": "SUCCEEDED" if index < done else status.get(index, "NOT_STARTED")}
            for index, name in enumerate(INITIATION_STEPS)
        ],
    }


def _synced(server: SourceServer, now: float) -> float:
    """Share of the disks that an initial sync has copied; one that the world describes never reaches the end."""
    state = replication_state(server, now)
    if state == "INITIATING" or server.is_disconnected:
        return 0.0
    if state != "INITIAL_SYNC":
        return 1.0
    if server.restarted_at is not None and now < server.restarted_at + RESTART_SECONDS:
        return min(0.99, (now - server.restarted_at) / (15 * MINUTE))
    elapsed = (now - server.added_at) % SYNC_SECONDS
    return min(0.99, SYNC_HEAD_START + 0.6 * elapsed / SYNC_SECONDS)


def _synced_at(server: SourceServer, now: float) -> float:
    if server.restarted_at is not None and now < server.restarted_at + RESTART_SECONDS:
        return server.restarted_at + 15 * MINUTE
    return now + SYNC_SECONDS * (1 - _synced(server, now))


def _disks(server: SourceServer, state: str, lag: float, now: float) -> list[dict[str, Any]]:
    synced = _synced(server, now)
    backlog = int(lag * 200_000) if state in ("BACKLOG", "STALLED") else 0
    return [
        {
            "deviceName": server.description.device_name(index),
            "totalStorageBytes": 0 if server.is_disconnected else size * GIB,
            "replicatedStorageBytes": int(size * GIB * synced),
            "rescannedStorageBytes": 0,
            "backloggedStorageBytes": backlog if index == 0 else 0,
            "volumeStatus": "REGULAR",
        }
        for index, size in enumerate(server.description.disks_gib)
    ]
