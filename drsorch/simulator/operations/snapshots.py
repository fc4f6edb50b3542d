"""DescribeRecoverySnapshots."""

from typing import Any

from drsorch.simulator.documents.snapshots import recovery_snapshot
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.moments import read_moment
from drsorch.simulator.operations.pages import page_of
from drsorch.simulator.snapshots import snapshots_of


def describe_recovery_snapshots(call: Call) -> dict[str, Any]:
    """The snapshots of one server, newest first unless asked. An unknown server has none: no error is declared."""
    filters, server_id = call.filters, call.params["sourceServerID"]
    server = call.backend.servers.get(server_id)
    earliest, latest = read_moment(filters, "fromDateTime", 0.0), read_moment(filters, "toDateTime", float("inf"))
    kept = snapshots_of(server, call.now) if server else []
    found = [snapshot for snapshot in kept if earliest <= snapshot.expected_at <= latest]
    if call.params.get("order", "DESC") == "DESC":
        found.reverse()
    return page_of(call, found, lambda snapshot: recovery_snapshot(snapshot, server_id))
