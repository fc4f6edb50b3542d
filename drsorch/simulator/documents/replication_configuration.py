"""Replication configurations: what a server's own settings and AWS's defaults come to."""

from hashlib import sha256
from typing import Any

from drsorch.simulator.records import SourceServer
from drsorch.simulator.snapshots import DEFAULT_POLICY

LARGE_GIB = 500


def replication_settings(account: str, region: str) -> dict[str, Any]:
    """What DRS sets up in an account and Region. Subnet and security group are names of the staging area."""
    digest = sha256(f"{account}/{region}/staging".encode()).hexdigest()
    return {
        "stagingAreaSubnetId": f"subnet-{digest[:17]}",
        "associateDefaultSecurityGroup": True,
        "replicationServersSecurityGroupsIDs": [f"sg-{digest[17:34]}"],
        "replicationServerInstanceType": "t3.small",
        "useDedicatedReplicationServer": False,
        "defaultLargeStagingDiskType": "GP3",
        "ebsEncryption": "DEFAULT",
        "ebsEncryptionKeyArn": f"arn:aws:kms:{region}:{account}:alias/aws/ebs",
        "bandwidthThrottling": 0,
        "dataPlaneRouting": "PRIVATE_IP",
        "createPublicIP": False,
        "stagingAreaTags": {},
        "pitPolicy": [dict(rule) for rule in DEFAULT_POLICY],
        "autoReplicateNewDisks": True,
        "internetProtocol": "IPV4",
    }


def replication_configuration(server: SourceServer, account: str, region: str) -> dict[str, Any]:
    """One server's replication configuration with its disks."""
    return {
        "sourceServerID": server.id,
        "name": server.description.hostname,
        **replication_settings(account, region),
        **_encryption(server),
        "replicatedDisks": [_disk(server, index) for index, _ in enumerate(server.description.disks_gib)],
        **server.replication_settings,
    }


def _encryption(server: SourceServer) -> dict[str, Any]:
    key = server.description.encryption_key
    return {"ebsEncryption": "CUSTOM", "ebsEncryptionKeyArn": key} if key else {}


def _disk(server: SourceServer, index: int) -> dict[str, Any]:
    return {
        "deviceName": server.description.device_name(index),
        "isBootDisk": index == 0,
        "stagingDiskType": "AUTO",
        "iops": 3000,
        "throughput": 125,
        "optimizedStagingDiskType": "GP3" if server.description.disks_gib[index] > LARGE_GIB else "STANDARD",
    }
