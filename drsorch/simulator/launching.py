"""Launch jobs, whoever starts them: how each server's launch goes, and what the servers remember of it."""

from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.documents.replication import replication_state
from drsorch.simulator.launch_templates import launch_settings
from drsorch.simulator.records import Job, LastLaunch, SourceServer
from drsorch.simulator.snapshots import WITHOUT_SNAPSHOTS, Snapshot, latest_snapshot
from drsorch.simulator.timeline import STALE_SNAPSHOT_STATES, LaunchPlan, launch_steps


def plan_launch(backend: DrsBackend, server: SourceServer, now: float, chosen: Snapshot | None = None) -> LaunchPlan:
    """How the launch of a server goes from what it is now, or from the chosen snapshot."""
    state = replication_state(server, now)
    can_be_taken = state not in STALE_SNAPSHOT_STATES and state not in WITHOUT_SNAPSHOTS
    latest = None if can_be_taken else latest_snapshot(server, now)
    used = chosen or latest
    return LaunchPlan(
        source_server_id=server.id,
        replication=state,
        has_earlier_instance=server.recovery_instance_id is not None,
        has_snapshot=can_be_taken or latest is not None,
        is_chosen_snapshot=chosen is not None,
        is_converted_here=launch_settings(backend, server)["recoveryMode"] != "FAST" and not server.staging_arn,
        snapshot_at=now if used is None or used.taken_at is None else used.taken_at,
        seed=server.seed,
    )


def begin_launch(backend: DrsBackend, job: Job, plans: list[LaunchPlan]) -> None:
    """Put a launch job to work. The caller holds the lock and has checked conflicts and quotas."""
    job.snapshot_at = {plan.source_server_id: plan.snapshot_at for plan in plans}
    backend.add_job(job, launch_steps(plans))
    for server_id in job.participants:
        server = backend.servers[server_id]
        server.last_launch = LastLaunch(job.id, job.created_at, job.initiated_by == "START_DRILL")
        server.last_launch_result = "PENDING"
