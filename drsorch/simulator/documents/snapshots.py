"""Recovery snapshots as DescribeRecoverySnapshots shows them."""

from typing import Any

from drsorch.simulator.clock import write_timestamp
from drsorch.simulator.snapshots import Snapshot


def recovery_snapshot(snapshot: Snapshot, source_server_id: str) -> dict[str, Any]:
    """One snapshot; while it is being taken it has no `timestamp` and no volumes."""
    document: dict[str, Any] = {
        "snapshotID": snapshot.id,
        "sourceServerID": source_server_id,
        "expectedTimestamp": write_timestamp(snapshot.expected_at),
        "ebsSnapshots": list(snapshot.volumes) if snapshot.taken_at is not None else [],
    }
    if snapshot.taken_at is not None:
        document["timestamp"] = write_timestamp(snapshot.taken_at)
    return document
