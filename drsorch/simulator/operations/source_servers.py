"""DescribeSourceServers and StartRecovery."""

from typing import Any

from drsorch.simulator.backend import new_job_id
from drsorch.simulator.documents.jobs import job_document
from drsorch.simulator.documents.servers import identification, source_server
from drsorch.simulator.errors import invalid, not_found
from drsorch.simulator.operations.admission import refuse_unless_admitted
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.pages import page_of
from drsorch.simulator.records import Job, LastLaunch, SourceServer
from drsorch.simulator.timeline import LaunchPlan, launch_steps

# DRS launches with the rights of whoever started the job; without them the job is accepted and its launches fail.
LAUNCH_ACTIONS = (
    "ec2:CreateLaunchTemplateVersion",
    "ec2:RunInstances",
    "ec2:CreateVolume",
    "ec2:AttachVolume",
    "ec2:CreateTags",
    "drs:CreateRecoveryInstanceForDrs",
)


def describe_source_servers(call: Call) -> dict[str, Any]:
    """The source servers that pass every filter. Ids that do not exist are left out without an error."""
    filters = call.filters
    servers = [server for server in call.backend.servers.values() if _passes(server, filters, call)]
    return page_of(call, servers, lambda server: source_server(server, call.place.account, call.place.region, call.now))


def _passes(server: SourceServer, filters: dict[str, Any], call: Call) -> bool:
    ids, staging = filters.get("sourceServerIDs"), filters.get("stagingAccountIDs")
    if ids and server.id not in ids:
        return False
    if staging and call.place.account not in staging:
        return False
    return "hardwareId" not in filters or filters["hardwareId"] == identification(server)["awsInstanceID"]


def start_recovery(call: Call) -> dict[str, Any]:
    """Launch recovery or drill instances as one job. There is no idempotency token: calling twice conflicts."""
    wanted = call.params["sourceServers"]
    servers = [_find(call, entry) for entry in wanted]
    if len({server.id for server in servers}) < len(servers):
        problem = "names a source server twice"
        raise invalid(f"sourceServers {problem}", ("sourceServers", problem))
    refuse_unless_admitted(call, [server.id for server in servers])
    is_drill = call.params.get("isDrill", False)
    job_id = new_job_id()
    hidden_seconds = max(call.faults.take_invisibility(call.place), call.settings.visibility.job_invisible_seconds)
    job = Job(
        id=job_id,
        arn=call.backend.arn("job", job_id),
        type="LAUNCH",
        initiated_by="START_DRILL" if is_drill else "START_RECOVERY",
        created_at=call.now,
        visible_at=call.now + hidden_seconds,
        tags=dict(call.params.get("tags", {})),
        participants=dict.fromkeys((server.id for server in servers), "PENDING"),
    )
    call.backend.add_job(job, launch_steps(_plans(call, servers)))
    for server in servers:
        server.last_launch = LastLaunch(job.id, call.now, is_drill)
        server.last_launch_result = "PENDING"
    return {"job": job_document(job, call.settings.visibility)}


def _find(call: Call, entry: dict[str, Any]) -> SourceServer:
    server = call.backend.servers.get(entry["sourceServerID"])
    if server is None:
        server_id = entry["sourceServerID"]
        raise not_found(f"Source server {server_id} does not exist", server_id, "SourceServer")
    if "recoverySnapshotID" in entry:
        snapshot = entry["recoverySnapshotID"]
        raise not_found(f"Recovery snapshot {snapshot} does not exist", snapshot, "RecoverySnapshot")
    return server


def _plans(call: Call, servers: list[SourceServer]) -> list[LaunchPlan]:
    missing = next((action for action in LAUNCH_ACTIONS if not call.caller.may(action, call.place.region)), None)
    plans = []
    for server in servers:
        fails_at, raw_error = call.faults.take_launch_failure(call.place, server.id), None
        if fails_at is None and missing is not None:
            fails_at = "LAUNCH"
            raw_error = (
                f"An error occurred (UnauthorizedOperation) when calling the {missing.partition(':')[2]} operation: "
                f"User: {call.caller.arn} is not authorized to perform: {missing}"
            )
        plans.append(
            LaunchPlan(
                source_server_id=server.id,
                replication=server.description.replication,
                has_earlier_instance=server.recovery_instance_id is not None,
                seed=server.seed,
                fails_at=fails_at,
                raw_error=raw_error,
            )
        )
    return plans
