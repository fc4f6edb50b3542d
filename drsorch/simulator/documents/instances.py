"""Recovery instances as DescribeRecoveryInstances shows them."""

from typing import Any

from drsorch.simulator.clock import write_timestamp
from drsorch.simulator.documents.servers import AGENT_VERSION, CPU_MODEL, identification
from drsorch.simulator.machines import machine_state
from drsorch.simulator.records import RecoveryInstance, SourceServer
from drsorch.simulator.worlds.description import GIB, ServerDescription


def recovery_instance(instance: RecoveryInstance, server: SourceServer, region: str) -> dict[str, Any]:
    """One recovery instance with the EC2 state it has now, also when somebody stopped it behind DRS's back."""
    origin = server.description.origin_region or region
    return {
        "recoveryInstanceID": instance.id,
        "ec2InstanceID": instance.id,
        "ec2InstanceState": machine_state(instance.machine),
        "jobID": instance.job_id,
        "sourceServerID": instance.source_server_id,
        "arn": instance.arn,
        "tags": dict(instance.tags),
        "failback": _failback(instance),
        "dataReplicationInfo": {"dataReplicationState": "NOT_STARTED"},
        "recoveryInstanceProperties": _properties(instance, server),
        "pointInTimeSnapshotDateTime": write_timestamp(instance.snapshot_at),
        "isDrill": instance.is_drill,
        "originEnvironment": "AWS",
        "originAvailabilityZone": f"{origin}a",
        "agentVersion": AGENT_VERSION,
    }


def _failback(instance: RecoveryInstance) -> dict[str, Any]:
    state = "FAILBACK_NOT_STARTED" if instance.is_drill else "FAILBACK_NOT_READY_FOR_LAUNCH"
    return {"state": state, "failbackToOriginalServer": False}


def _properties(instance: RecoveryInstance, server: SourceServer) -> dict[str, Any]:
    machine, description = instance.machine, server.description
    volumes = [volume.volume_id for _, volume in machine.get_block_device_mapping]
    return {
        "lastUpdatedDateTime": write_timestamp(instance.launched_at),
        "identificationHints": {**identification(server), "awsInstanceID": instance.id},
        "networkInterfaces": [
            {"macAddress": nic.mac_address, "ips": [nic.private_ip_address], "isPrimary": index == 0}
            for index, nic in machine.nics.items()
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
