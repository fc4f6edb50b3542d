"""Replication of source servers: start, stop, retry, disconnect, and how it is configured."""

from dataclasses import replace
from typing import Any

from drsorch.simulator.documents.replication import RESTART_SECONDS, replication_state
from drsorch.simulator.documents.replication_configuration import replication_configuration
from drsorch.simulator.documents.servers import source_server
from drsorch.simulator.errors import conflict, invalid
from drsorch.simulator.operations.admission import refuse_busy
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.finding import find_server
from drsorch.simulator.records import SourceServer

RETRIABLE = {"STALLED", "DISCONNECTED", "STOPPED"}


def start_replication(call: Call) -> dict[str, Any]:
    """Protect a stopped server again, from nothing: its snapshots went when it was stopped."""
    server = find_server(call)
    state = replication_state(server, call.now)
    if state != "STOPPED":
        raise conflict(
            f"Source server {server.id} is not stopped: its replication is {state}", server.id, "SourceServer"
        )
    begin_replication(server, call.now)
    call.backend.stay_busy_until(call.now + RESTART_SECONDS)
    return {"sourceServer": _document(call, server)}


def stop_replication(call: Call) -> dict[str, Any]:
    """Leave a server unprotected and delete its snapshots."""
    server = find_server(call)
    refuse_busy(call.backend.busy, [server.id])
    state = replication_state(server, call.now)
    if state in ("STOPPED", "DISCONNECTED"):
        message = f"Replication of source server {server.id} cannot be stopped: it is {state}"
        raise conflict(message, server.id, "SourceServer")
    _end_replication(server, "STOPPED", call.now)
    return {"sourceServer": _document(call, server)}


def retry_data_replication(call: Call) -> dict[str, Any]:
    """Begin anew with a server that is STALLED, DISCONNECTED or STOPPED; of any other, ValidationException."""
    server = find_server(call)
    state = replication_state(server, call.now)
    if state not in RETRIABLE:
        problem = f"replicates ({state}), so there is nothing to retry"
        raise invalid(f"Source server {server.id} {problem}", ("sourceServerID", problem))
    begin_replication(server, call.now)
    call.backend.stay_busy_until(call.now + RESTART_SECONDS)
    return _document(call, server)


def disconnect_source_server(call: Call) -> dict[str, Any]:
    """Give up a server. One with a recovery instance cannot be."""
    server = find_server(call)
    refuse_busy(call.backend.busy, [server.id])
    if server.recovery_instance_id is not None:
        message = f"Source server {server.id} has the recovery instance {server.recovery_instance_id}"
        raise conflict(message, server.id, "SourceServer")
    _end_replication(server, "DISCONNECTED", call.now)
    server.is_disconnected = True
    return _document(call, server)


def get_replication_configuration(call: Call) -> dict[str, Any]:
    """How one server replicates."""
    return replication_configuration(find_server(call), call.place.account, call.place.region)


def update_replication_configuration(call: Call) -> dict[str, Any]:
    """Change the named settings. Disks are changed one by one, by their device name."""
    server = find_server(call)
    if server.staging_arn:
        message = f"Source server {server.id} is extended: its replication is configured in the staging account"
        raise conflict(message, server.id, "SourceServer")
    changes = {name: value for name, value in call.params.items() if name != "sourceServerID"}
    if changes.get("ebsEncryption") == "CUSTOM" and "ebsEncryptionKeyArn" not in changes:
        problem = "is required when ebsEncryption is CUSTOM"
        raise invalid(f"ebsEncryptionKeyArn {problem}", ("ebsEncryptionKeyArn", problem))
    if "replicatedDisks" in changes:
        changes["replicatedDisks"] = _merged_disks(call, server, changes["replicatedDisks"])
    server.replication_settings.update(changes)
    return get_replication_configuration(call)


def begin_replication(server: SourceServer, now: float) -> None:
    """Let a server replicate from nothing; it has its first snapshot when it has come through."""
    server.description = replace(server.description, replication="CONTINUOUS")
    server.is_disconnected, server.restarted_at = False, now
    server.protected_since = now + RESTART_SECONDS


def _end_replication(server: SourceServer, state: str, now: float) -> None:
    server.description = replace(server.description, replication=state)
    server.restarted_at = server.protected_since = None
    server.broken_at = now


def _merged_disks(call: Call, server: SourceServer, changed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    present = replication_configuration(server, call.place.account, call.place.region)["replicatedDisks"]
    by_name = {disk["deviceName"]: disk for disk in present}
    for disk in changed:
        name = disk.get("deviceName")
        if name not in by_name:
            problem = f"names no disk of the server: {name}"
            raise invalid(f"replicatedDisks {problem}", ("replicatedDisks", problem))
        by_name[name] = {**by_name[name], **disk}
    return list(by_name.values())


def _document(call: Call, server: SourceServer) -> dict[str, Any]:
    return source_server(server, call.place.account, call.place.region, call.now)
