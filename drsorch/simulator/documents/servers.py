"""Source servers as DescribeSourceServers shows them."""

from typing import Any

from drsorch.simulator.clock import write_timestamp
from drsorch.simulator.documents.replication import data_replication, last_seen_at
from drsorch.simulator.records import SourceServer
from drsorch.simulator.worlds.description import GIB, ServerDescription

AGENT_VERSION = "6.42.12.2025.353.1309"
CPU_MODEL = "Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz"


def source_server(server: SourceServer, account: str, region: str, now: float) -> dict[str, Any]:
    """One source server at virtual time `now`."""
    staging = {"status": "NOT_EXTENDED", "stagingAccountID": account}
    if server.staging_arn:
        staging = {
            "status": "EXTENDED",
            "stagingAccountID": server.staging_arn.split(":")[4],
            "stagingSourceServerArn": server.staging_arn,
        }
    document: dict[str, Any] = {
        "sourceServerID": server.id,
        "arn": server.arn,
        "tags": dict(server.tags),
        "lastLaunchResult": server.last_launch_result,
        "dataReplicationInfo": data_replication(server, region, now),
        "lifeCycle": _life_cycle(server, now),
        "sourceProperties": _source_properties(server, now),
        "stagingArea": staging,
        "sourceCloudProperties": _cloud_properties(server.description, account, region),
        "replicationDirection": server.direction,
        "agentVersion": AGENT_VERSION,
    }
    if server.recovery_instance_id:
        document["recoveryInstanceId"] = server.recovery_instance_id
    if server.opposite_arn:
        document["reversedDirectionSourceServerArn"] = server.opposite_arn
    if server.network_id:
        document["sourceNetworkID"] = server.network_id
    return document


def _life_cycle(server: SourceServer, now: float) -> dict[str, Any]:
    life: dict[str, Any] = {
        "addedToServiceDateTime": write_timestamp(server.added_at),
        "firstByteDateTime": write_timestamp(server.added_at + 180),
        "elapsedReplicationDuration": f"P{int((now - server.added_at) // 86400)}D",
        "lastSeenByServiceDateTime": write_timestamp(last_seen_at(server, now)),
        "lastLaunch": {},
    }
    launch = server.last_launch
    if launch is not None:
        initiated = {
            "apiCallDateTime": write_timestamp(launch.called_at),
            "jobID": launch.job_id,
            "type": "DRILL" if launch.is_drill else "RECOVERY",
        }
        life["lastLaunch"] = {"initiated": initiated, "status": launch.status}
    return life


def _source_properties(server: SourceServer, now: float) -> dict[str, Any]:
    description = server.description
    return {
        "lastUpdatedDateTime": write_timestamp(last_seen_at(server, now)),
        "recommendedInstanceType": description.instance_type,
        "identificationHints": identification(server),
        "networkInterfaces": network_interfaces(server),
        "disks": [
            {"deviceName": description.device_name(index), "bytes": size * GIB}
            for index, size in enumerate(description.disks_gib)
        ],
        "cpus": [{"cores": description.cores, "modelName": CPU_MODEL}],
        "ramBytes": description.memory_gib * GIB,
        "os": {"fullString": description.operating_system},
        "supportsNitroInstances": True,
        "architecture": "x86_64",
    }


def identification(server: SourceServer) -> dict[str, str]:
    """Names and ids by which the origin knows the server."""
    description = server.description
    return {
        "fqdn": f"{description.hostname}.{description.domain}",
        "hostname": description.hostname,
        "awsInstanceID": f"i-{server.seed:017x}",
    }


def network_interfaces(server: SourceServer) -> list[dict[str, Any]]:
    """The one interface of the origin."""
    tail = (server.seed & 0xFF_FFFF_FFFF).to_bytes(5, "big")
    mac = ":".join(f"{byte:02x}" for byte in (0x0A, *tail))
    return [{"macAddress": mac, "ips": [server.description.address], "isPrimary": True}]


def _cloud_properties(description: ServerDescription, account: str, region: str) -> dict[str, str]:
    origin = description.origin_region or region
    return {"originAccountID": account, "originRegion": origin, "originAvailabilityZone": f"{origin}a"}
