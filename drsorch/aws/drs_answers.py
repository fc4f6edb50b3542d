"""What DRS says of servers, jobs and recovery instances, as small typed records."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from drsorch.aws import wire

Item = Mapping[str, Any]
Enums = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a source server."""

    device_name: str
    bytes: int | None


@dataclass(frozen=True, slots=True)
class SourceServer:
    """A server that DRS replicates. Any fact may be missing: "", None or an empty tuple says so."""

    source_server_id: str
    arn: str
    hostname: str
    fqdn: str
    ips: tuple[str, ...]
    os: str
    cpus: int | None
    ram_bytes: int | None
    disks: tuple[Disk, ...]
    recommended_instance_type: str
    origin_instance_id: str
    replication_state: str
    lag_seconds: int | None
    backlog_bytes: int
    last_seen_at: datetime | None
    stalled_reason: str
    last_launch_job_id: str
    last_launch_type: str
    last_launch_status: str
    last_launch_at: datetime | None
    recovery_instance_id: str
    agent_version: str
    staging_account_id: str
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class JobServer:
    """A server in a job. DRS often leaves `recovery_instance_id` out, even when the launch succeeded."""

    source_server_id: str
    launch_status: str
    recovery_instance_id: str


@dataclass(frozen=True, slots=True)
class Job:
    """A DRS job. It has no failed status: COMPLETED only says that it ended. `servers` may be emptied afterwards."""

    job_id: str
    arn: str
    type: str
    status: str
    initiated_by: str
    created_at: datetime | None
    ended_at: datetime | None
    servers: tuple[JobServer, ...]
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class JobLogItem:
    """An entry of a job's log. `digest` is the same whenever the same entry is read again."""

    logged_at: datetime | None
    event: str
    source_server_id: str
    conversion_server_id: str
    target_instance_id: str
    raw_error: str
    digest: str


@dataclass(frozen=True, slots=True)
class RecoveryInstance:
    """An instance that DRS launched. It vanishes from DRS when it is terminated."""

    recovery_instance_id: str
    ec2_instance_id: str
    source_server_id: str
    job_id: str
    is_drill: bool | None
    ec2_state: str
    point_in_time_at: datetime | None
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class RecoverySnapshot:
    """A point in time from which a server can be launched. `taken_at` is None as long as it is being taken."""

    snapshot_id: str
    source_server_id: str
    expected_at: datetime | None
    taken_at: datetime | None


def source_server(item: Item, enums: Enums) -> SourceServer:
    """Read one source server."""
    replication = wire.at(item, "dataReplicationInfo")
    properties = wire.at(item, "sourceProperties")
    launch = wire.at(item, "lifeCycle", "lastLaunch")
    hints = wire.at(properties, "identificationHints")
    return SourceServer(
        source_server_id=wire.text(item, "sourceServerID"),
        arn=wire.text(item, "arn"),
        hostname=wire.text(hints, "hostname"),
        fqdn=wire.text(hints, "fqdn"),
        ips=_ips(properties),
        os=wire.text(properties, "os", "fullString"),
        cpus=_total(properties, "cpus", "cores"),
        ram_bytes=wire.number(properties, "ramBytes"),
        disks=_disks(properties),
        recommended_instance_type=wire.text(properties, "recommendedInstanceType"),
        origin_instance_id=wire.text(hints, "awsInstanceID"),
        replication_state=_enum(enums, "DataReplicationState", wire.text(replication, "dataReplicationState")),
        lag_seconds=wire.parse_duration(wire.at(replication, "lagDuration")),
        backlog_bytes=_total(replication, "replicatedDisks", "backloggedStorageBytes") or 0,
        last_seen_at=wire.parse_time(wire.at(item, "lifeCycle", "lastSeenByServiceDateTime")),
        stalled_reason=_stalled_reason(replication),
        last_launch_job_id=wire.text(launch, "initiated", "jobID"),
        last_launch_type=_enum(enums, "LastLaunchType", wire.text(launch, "initiated", "type")),
        last_launch_status=_enum(enums, "LaunchStatus", wire.text(launch, "status")),
        last_launch_at=wire.parse_time(wire.at(launch, "initiated", "apiCallDateTime")),
        recovery_instance_id=wire.text(item, "recoveryInstanceId"),
        agent_version=wire.text(item, "agentVersion"),
        staging_account_id=_staging_account(item),
        tags=wire.tags(item, "tags"),
    )


def job(item: Item, enums: Enums) -> Job:
    """Read one job."""
    return Job(
        job_id=wire.text(item, "jobID"),
        arn=wire.text(item, "arn"),
        type=_enum(enums, "JobType", wire.text(item, "type")),
        status=_enum(enums, "JobStatus", wire.text(item, "status")),
        initiated_by=_enum(enums, "InitiatedBy", wire.text(item, "initiatedBy")),
        created_at=wire.parse_time(wire.at(item, "creationDateTime")),
        ended_at=wire.parse_time(wire.at(item, "endDateTime")),
        servers=tuple(_job_server(entry, enums) for entry in wire.listed(item, "participatingServers")),
        tags=wire.tags(item, "tags"),
    )


def _job_server(item: Item, enums: Enums) -> JobServer:
    return JobServer(
        source_server_id=wire.text(item, "sourceServerID"),
        launch_status=_enum(enums, "LaunchStatus", wire.text(item, "launchStatus")),
        recovery_instance_id=wire.text(item, "recoveryInstanceID"),
    )


def job_log_item(item: Item, enums: Enums) -> JobLogItem:
    """Read one entry of a job's log."""
    data = wire.at(item, "eventData")
    logged_at = wire.parse_time(wire.at(item, "logDateTime"))
    event = _enum(enums, "JobLogEvent", wire.text(item, "event"))
    facts = [wire.text(data, name) for name in ("sourceServerID", "conversionServerID", "targetInstanceID", "rawError")]
    return JobLogItem(
        logged_at=logged_at,
        event=event,
        source_server_id=facts[0],
        conversion_server_id=facts[1],
        target_instance_id=facts[2],
        raw_error=facts[3],
        digest=_digest([_stamp(logged_at), event, *facts, wire.text(data, "attemptCount")]),
    )


def recovery_instance(item: Item, enums: Enums) -> RecoveryInstance:
    """Read one recovery instance."""
    is_drill = wire.at(item, "isDrill")
    return RecoveryInstance(
        recovery_instance_id=wire.text(item, "recoveryInstanceID"),
        ec2_instance_id=wire.text(item, "ec2InstanceID"),
        source_server_id=wire.text(item, "sourceServerID"),
        job_id=wire.text(item, "jobID"),
        is_drill=is_drill if isinstance(is_drill, bool) else None,
        ec2_state=_enum(enums, "EC2InstanceState", wire.text(item, "ec2InstanceState")),
        point_in_time_at=wire.parse_time(wire.at(item, "pointInTimeSnapshotDateTime")),
        tags=wire.tags(item, "tags"),
    )


def recovery_snapshot(item: Item) -> RecoverySnapshot:
    """Read one recovery snapshot."""
    return RecoverySnapshot(
        snapshot_id=wire.text(item, "snapshotID"),
        source_server_id=wire.text(item, "sourceServerID"),
        expected_at=wire.parse_time(wire.at(item, "expectedTimestamp")),
        taken_at=wire.parse_time(wire.at(item, "timestamp")),
    )


def _enum(enums: Enums, shape: str, value: str) -> str:
    return wire.one_of(enums.get(shape, []), shape, value)


def _ips(properties: Any) -> tuple[str, ...]:
    """Return the addresses, those of the primary interface first."""
    interfaces = sorted(wire.listed(properties, "networkInterfaces"), key=lambda entry: not wire.at(entry, "isPrimary"))
    return tuple(dict.fromkeys(str(ip) for entry in interfaces for ip in wire.at(entry, "ips") or []))


def _disks(properties: Any) -> tuple[Disk, ...]:
    found = wire.listed(properties, "disks")
    return tuple(Disk(wire.text(disk, "deviceName"), wire.number(disk, "bytes")) for disk in found)


def _total(item: Any, members: str, member: str) -> int | None:
    numbers = [wire.number(entry, member) for entry in wire.listed(item, members)]
    known = [found for found in numbers if found is not None]
    return sum(known) if known else None


def _stalled_reason(replication: Any) -> str:
    said = (wire.text(replication, "dataReplicationError", name) for name in ("error", "rawError"))
    return ": ".join(filter(None, said))


def _staging_account(item: Item) -> str:
    is_extended = wire.text(item, "stagingArea", "status") == "EXTENDED"
    return wire.text(item, "stagingArea", "stagingAccountID") if is_extended else ""


def _stamp(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else ""


def _digest(facts: list[str]) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
