"""Jobs: starting them, and letting their steps happen when virtual time has come."""

from collections.abc import Callable

from drsorch.simulator import dice
from drsorch.simulator.backend import DrsBackend, ScheduledStep
from drsorch.simulator.machines import launch_machine, terminate_machine
from drsorch.simulator.records import Job, LogItem, RecoveryInstance, SourceServer

SILENT_STEPS = {"LAUNCHED", "FAILED", "TERMINATED", "CHECKS"}


def catch_up(backend: DrsBackend, now: float, recovery_instance_late_seconds: float = 0) -> None:
    """Let everything happen that was due until `now`. The caller holds the lock."""
    while (due := backend.take_due_step(now)) is not None:
        with dice.seeded(due.job_id, due.number, due.at):
            _happen(backend, due, recovery_instance_late_seconds)


def _happen(backend: DrsBackend, due: ScheduledStep, late: float) -> None:
    if due.job_id is None:
        return
    job = backend.jobs[due.job_id]
    _log(job, due)
    effect = EFFECTS.get(due.step.event)
    if effect is not None:
        effect(backend, job, due, late)


def _log(job: Job, due: ScheduledStep) -> None:
    step = due.step
    if step.event in SILENT_STEPS:
        return
    named = {"sourceServerID": step.source_server_id} if step.source_server_id else {}
    job.log.append(LogItem(due.at, step.event, {**named, **step.data}))


def _start(_backend: DrsBackend, job: Job, _due: ScheduledStep, _late: float) -> None:
    job.status = "STARTED"


def _end(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    job.status, job.ended_at = "COMPLETED", due.at
    for server_id in job.participants:
        backend.busy.pop(server_id, None)


def _begin_launch(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    _set_launch_status(backend, job, due, "IN_PROGRESS")


def _fail(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    _set_launch_status(backend, job, due, "FAILED")
    _server(backend, due).last_launch_result = "FAILED"


def _launch(backend: DrsBackend, job: Job, due: ScheduledStep, late: float) -> None:
    server = _server(backend, due)
    machine = launch_machine(backend, server)
    backend.recovery_instances[machine.id] = RecoveryInstance(
        id=machine.id,
        arn=backend.arn("recovery-instance", machine.id),
        source_server_id=server.id,
        job_id=job.id,
        is_drill=job.initiated_by == "START_DRILL",
        snapshot_at=job.created_at,
        launched_at=due.at,
        visible_at=due.at + late,
        tags=dict(server.tags),
        machine=machine,
    )
    server.recovery_instance_id = machine.id
    server.last_launch_result = "SUCCEEDED"
    job.launched.append(server.id)
    _set_launch_status(backend, job, due, "LAUNCHED")


def _remove_earlier(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    """A relaunch replaces the earlier recovery instance; a termination has already removed its own."""
    if job.type != "LAUNCH":
        return
    earlier = _server(backend, due).recovery_instance_id
    if earlier is not None:
        terminate_machine(backend, earlier)
        _forget_instance(backend, earlier)


def _terminate(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    server = _server(backend, due)
    instance_id = job.terminating[server.id]
    refusal = terminate_machine(backend, instance_id)
    if refusal is None:
        job.participants[server.id] = "TERMINATED"
        _forget_instance(backend, instance_id)
        return
    job.participants[server.id] = "FAILED"
    job.log.append(LogItem(due.at, "CLEANUP_FAIL", {"sourceServerID": server.id, "rawError": refusal}))


def _forget_instance(backend: DrsBackend, instance_id: str) -> None:
    instance = backend.recovery_instances.pop(instance_id, None)
    if instance is None:
        return
    server = backend.servers[instance.source_server_id]
    if server.recovery_instance_id == instance_id:
        server.recovery_instance_id = None


def _set_launch_status(backend: DrsBackend, job: Job, due: ScheduledStep, status: str) -> None:
    server = _server(backend, due)
    job.participants[server.id] = status
    if server.last_launch is not None and server.last_launch.job_id == job.id:
        server.last_launch.status = status


def _server(backend: DrsBackend, due: ScheduledStep) -> SourceServer:
    return backend.servers[due.step.source_server_id or ""]


Effect = Callable[[DrsBackend, Job, ScheduledStep, float], None]
EFFECTS: dict[str, Effect] = {
    "JOB_START": _start,
    "JOB_END": _end,
    "CLEANUP_END": _remove_earlier,
    "LAUNCH_START": _begin_launch,
    "LAUNCHED": _launch,
    "FAILED": _fail,
    "TERMINATED": _terminate,
}
