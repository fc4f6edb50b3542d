"""Recovery instances as DescribeRecoveryInstances shows them."""

from typing import Any

from moto.ec2.models.instances import Instance

from drsorch.simulator.clock import write_timestamp
from drsorch.simulator.documents.replication import INITIATION_STEPS, RESTART
from drsorch.simulator.documents.servers import AGENT_VERSION, CPU_MODEL, identification
from drsorch.simulator.machines import machine_state
from drsorch.simulator.records import RecoveryInstance, SourceServer
from drsorch.simulator.worlds.description import GIB, ServerDescription

FIRST_BYTE_AFTER = 120


def recovery_instance(
    instance: RecoveryInstance, server: SourceServer, machine: Instance | None, region: str, now: float
) -> dict[str, Any]:
    """One recovery instance with the EC2 state it has now, also when somebody stopped it behind DRS's back."""
    origin = server.description.origin_region or region
    return {
        "recoveryInstanceID": instance.id,
        "ec2InstanceID": instance.id,
        "ec2InstanceState": machine_state(machine),
        "jobID": instance.job_id,
        "sourceServerID": instance.source_server_id,
        "arn": instance.arn,
        "tags": dict(instance.tags),
        "failback": _failback(instance, now),
        "dataReplicationInfo": _data_replication(instance, server, region, now),
        "recoveryInstanceProperties": _properties(instance, server, machine),
        "pointInTimeSnapshotDateTime": write_timestamp(instance.snapshot_at),
        "isDrill": instance.is_drill,
        "originEnvironment": "AWS",
        "originAvailabilityZone": f"{origin}a",
        "agentVersion": AGENT_VERSION,
    }


def failback_state(instance: RecoveryInstance, now: float) -> str:
    """How far the way back is: replicating, ready, being launched, or completed."""
    if instance.failback_result is not None:
        return instance.failback_result
    if instance.failback_job_id is not None:
        return "FAILBACK_IN_PROGRESS"
    if instance.reversed_at is not None and _replication_state(instance, now) == "CONTINUOUS":
        return "FAILBACK_READY_FOR_LAUNCH"
    if instance.reversed_at is None and (instance.is_drill or instance.is_failback_stopped):
        return "FAILBACK_NOT_STARTED"
    return "FAILBACK_NOT_READY_FOR_LAUNCH"


def is_failing_back(instance: RecoveryInstance, now: float) -> bool:
    """Whether a failback has begun and has not come to its end."""
    return instance.reversed_at is not None and failback_state(instance, now) != "FAILBACK_COMPLETED"


def _replication_state(instance: RecoveryInstance, now: float) -> str:
    if instance.is_disconnected:
        return "DISCONNECTED"
    if instance.reversed_at is None:
        return "NOT_STARTED"
    elapsed = now - instance.reversed_at
    return next((state for until, state in RESTART if elapsed < until), "CONTINUOUS")


def _failback(instance: RecoveryInstance, now: float) -> dict[str, Any]:
    document: dict[str, Any] = {"state": failback_state(instance, now), "failbackToOriginalServer": False}
    if instance.reversed_at is not None:
        document["failbackInitiationTime"] = write_timestamp(instance.reversed_at)
        document["firstByteDateTime"] = write_timestamp(instance.reversed_at + FIRST_BYTE_AFTER)
        document["agentLastSeenByServiceDateTime"] = write_timestamp(now - 5)
        document["failbackLaunchType"] = "DRILL" if instance.is_drill else "RECOVERY"
    if instance.failback_job_id is not None:
        document["failbackJobID"] = instance.failback_job_id
    return document


def _data_replication(instance: RecoveryInstance, server: SourceServer, region: str, now: float) -> dict[str, Any]:
    """The way back. No lagDuration: the model gives it the shape of a moment, in which no duration fits."""
    state = _replication_state(instance, now)
    document: dict[str, Any] = {"dataReplicationState": state}
    if state == "NOT_STARTED":
        return document
    description = server.description
    document["stagingAvailabilityZone"] = f"{description.origin_region or region}a"
    document["replicatedDisks"] = [
        {
            "deviceName": description.device_name(index),
            "totalStorageBytes": 0 if instance.is_disconnected else size * GIB,
            "replicatedStorageBytes": size * GIB if state == "CONTINUOUS" else 0,
            "rescannedStorageBytes": 0,
            "backloggedStorageBytes": 0,
        }
        for index, size in enumerate(description.disks_gib)
    ]
    if instance.reversed_at is not None:
        status = "IN_PROGRESS" if state == "INITIATING" else "SUCCEEDED"
        document["dataReplicationInitiation"] = {
            "startDateTime": write_timestamp(instance.reversed_at),
            "steps": [{"name": name, "status": status} for name in INITIATION_STEPS],
        }
    return document


def _properties(instance: RecoveryInstance, server: SourceServer, machine: Instance | None) -> dict[str, Any]:
    description = server.description
    volumes = [volume.volume_id for _, volume in machine.get_block_device_mapping] if machine else []
    interfaces = machine.nics.items() if machine else []
    return {
        "lastUpdatedDateTime": write_timestamp(instance.launched_at),
        "identificationHints": {**identification(server), "awsInstanceID": instance.id},
        "networkInterfaces": [
            {"macAddress": nic.mac_address, "ips": [nic.private_ip_address], "isPrimary": index == 0}
            for index, nic in interfaces
        ],
        "disks": [
            {"internalDeviceName": device, "bytes": size * GIB, "ebsVolumeID": volume}
            for device, size, volume in zip(_devices(description), description.disks_gib, volumes, strict=False)
        ],
        "cpus": [{"cores": description.cores, "modelName": CPU_MODEL}],
        "ramBytes": description.memory_gib * GIB,
        "os": {"fullString": description.operating_system},
    }


def _devices(description: ServerDescription) -> list[str]:
    return [description.device_name(index) for index in range(len(description.disks_gib))]
