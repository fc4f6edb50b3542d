"""StartRecovery."""

from dataclasses import replace
from typing import Any

from drsorch.simulator.documents.jobs import job_document
from drsorch.simulator.errors import conflict, invalid, not_found
from drsorch.simulator.launching import begin_launch, plan_launch
from drsorch.simulator.operations.admission import new_job, refuse_unless_admitted
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.finding import find_server
from drsorch.simulator.operations.staging import convert_in_staging
from drsorch.simulator.records import SourceServer
from drsorch.simulator.snapshots import Snapshot, find_snapshot
from drsorch.simulator.timeline import LaunchPlan

# DRS launches with the rights of whoever started the job; without them the job is accepted and its launches fail.
LAUNCH_ACTIONS = (
    "ec2:CreateLaunchTemplateVersion",
    "ec2:RunInstances",
    "ec2:CreateVolume",
    "ec2:AttachVolume",
    "ec2:CreateTags",
    "drs:CreateRecoveryInstanceForDrs",
)


def start_recovery(call: Call) -> dict[str, Any]:
    """Launch recovery or drill instances as one job. There is no idempotency token: calling twice conflicts."""
    wanted = {entry["sourceServerID"]: entry for entry in call.params["sourceServers"]}
    servers = [find_server(call, server_id) for server_id in wanted]
    if len(wanted) < len(call.params["sourceServers"]):
        problem = "names a source server twice"
        raise invalid(f"sourceServers {problem}", ("sourceServers", problem))
    chosen = [_chosen(call, server, wanted[server.id].get("recoverySnapshotID")) for server in servers]
    refuse_unless_admitted(call, list(wanted))
    convert_in_staging(call, servers)
    is_drill = call.params.get("isDrill", False)
    initiated_by = "START_DRILL" if is_drill else "START_RECOVERY"
    job = new_job(call, "LAUNCH", initiated_by, list(wanted), call.faults.take_invisibility(call.place))
    plans = [
        plan_launch(call.backend, server, call.now, snapshot) for server, snapshot in zip(servers, chosen, strict=True)
    ]
    begin_launch(call.backend, job, _with_failures(call, plans))
    return {"job": job_document(job, call.settings.visibility)}


def _chosen(call: Call, server: SourceServer, snapshot_id: str | None) -> Snapshot | None:
    """The snapshot that the call asks for. Raises ResourceNotFoundException, or ConflictException while it is taken."""
    if snapshot_id is None:
        return None
    snapshot = find_snapshot(server, snapshot_id, call.now)
    if snapshot is None:
        message = f"Recovery snapshot {snapshot_id} of source server {server.id} does not exist"
        raise not_found(message, snapshot_id, "RecoverySnapshot")
    if snapshot.taken_at is None:
        raise conflict(f"Recovery snapshot {snapshot_id} is still being taken", snapshot_id, "RecoverySnapshot")
    return snapshot


def _with_failures(call: Call, plans: list[LaunchPlan]) -> list[LaunchPlan]:
    """The plans with what a fault rule or a missing right makes of them."""
    missing = next((action for action in LAUNCH_ACTIONS if not call.caller.may(action, call.place.region)), None)
    spoilt = []
    for plan in plans:
        fails_at, raw_error = call.faults.take_failure(call.place, plan.source_server_id)
        if fails_at is None and missing is not None:
            fails_at = "LAUNCH"
            raw_error = (
                f"An error occurred (UnauthorizedOperation) when calling the {missing.partition(':')[2]} operation: "
                f"User: {call.caller.arn} is not authorized to perform: {missing}"
            )
        spoilt.append(replace(plan, fails_at=fails_at, raw_error=raw_error))
    return spoilt
