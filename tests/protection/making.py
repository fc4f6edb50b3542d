"""Descriptions of servers as the gateway returns them, without asking AWS."""

from drsorch.aws.drs import Disk, SourceServer


def described(number, **differences):
    """A healthy server, as DRS would describe it."""
    facts = {
        "source_server_id": f"s-{number:017x}",
        "arn": f"arn:aws:drs:us-east-1:222222222222:source-server/s-{number:017x}",
        "hostname": f"host-{number}",
        "fqdn": f"host-{number}.corp.example",
        "ips": (f"10.0.0.{number}",),
        "os": "Ubuntu 22.04.4 LTS",
        "cpus": 2,
        "ram_bytes": 8 << 30,
        "disks": (Disk("/dev/nvme0n1", 30 << 30),),
        "recommended_instance_type": "m5.large",
        "origin_instance_id": "",
        "replication_state": "CONTINUOUS",
        "lag_seconds": 0,
        "backlog_bytes": 0,
        "last_seen_at": None,
        "stalled_reason": "",
        "last_launch_job_id": "",
        "last_launch_type": "",
        "last_launch_status": "NOT_STARTED",
        "last_launch_at": None,
        "recovery_instance_id": "",
        "agent_version": "",
        "staging_account_id": "",
        "tags": {"Name": f"host-{number}"},
    }
    return SourceServer(**{**facts, **differences})
