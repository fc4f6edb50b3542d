"""Jobs: starting them, and letting their steps happen when virtual time has come."""

from collections.abc import Callable

from drsorch.simulator import dice
from drsorch.simulator.backend import DrsBackend, ScheduledStep
from drsorch.simulator.launch_templates import launch_settings
from drsorch.simulator.machines import LaunchRefused, launch_machine, launch_vpc, terminate_machine
from drsorch.simulator.native_plans import job_ended, wait_is_over
from drsorch.simulator.post_launch import begin_actions, end_actions, see_agent
from drsorch.simulator.records import Job, LogItem, RecoveryInstance, SourceServer
from drsorch.simulator.status_check_faults import begin_bad_checks, end_bad_checks
from drsorch.simulator.timeline import Step

SILENT_STEPS = {"CONVERTED", "FAILED_BACK", "NETWORK_LAUNCHED", "LAUNCHED", "FAILED", "TERMINATED", "CHECKS"}
CHECKS_PASS_AFTER = 150.0


def catch_up(backend: DrsBackend, now: float, recovery_instance_late_seconds: float = 0) -> None:
    """Let everything happen that was due until `now`. The caller holds the lock."""
    while (arrival := backend.take_arrival()) is not None:
        _let_happen(backend, min(arrival.at, now), recovery_instance_late_seconds)
        backend.receive(arrival)
    _let_happen(backend, now, recovery_instance_late_seconds)


def _let_happen(backend: DrsBackend, now: float, recovery_instance_late_seconds: float) -> None:
    while (due := backend.take_due_step(now)) is not None:
        with dice.seeded(due.job_id, due.number, due.at):
            _happen(backend, due, recovery_instance_late_seconds)


def _happen(backend: DrsBackend, due: ScheduledStep, late: float) -> None:
    if due.job_id is None:
        own_effect = OWN_EFFECTS.get(due.step.event)
        if own_effect is not None:
            own_effect(backend, due)
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
    backend.end_job(job)
    job_ended(backend, job, due.at)


def _begin_launch(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    _set_launch_status(backend, job, due, "IN_PROGRESS")


def _fail(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    _set_launch_status(backend, job, due, "FAILED")
    _server(backend, due).last_launch_result = "FAILED"


def _launch(backend: DrsBackend, job: Job, due: ScheduledStep, late: float) -> None:
    server = _server(backend, due)
    try:
        reservation_id, machine = launch_machine(backend, server)
    except LaunchRefused as refused:
        job.log.append(LogItem(due.at, "LAUNCH_FAILED", {"sourceServerID": server.id, "rawError": str(refused)}))
        _fail(backend, job, due, late)
        return
    backend.recovery_instances[machine.id] = RecoveryInstance(
        id=machine.id,
        arn=backend.arn("recovery-instance", machine.id),
        source_server_id=server.id,
        job_id=job.id,
        is_drill=job.initiated_by == "START_DRILL",
        snapshot_at=job.snapshot_at.get(server.id, job.created_at),
        launched_at=due.at,
        visible_at=due.at + late,
        tags=dict(server.tags) if launch_settings(backend, server)["copyTags"] else {},
        reservation_id=reservation_id,
    )
    backend.schedule(due.at + CHECKS_PASS_AFTER, Step(0, "CHECKS_PASS", data={"recoveryInstanceID": machine.id}))
    server.recovery_instance_id = machine.id
    server.last_launch_result = "SUCCEEDED"
    begin_actions(backend, job, server, due.at)
    job.launched.append(server.id)
    _set_launch_status(backend, job, due, "LAUNCHED")


def _convert(_backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    """A staging account's part of a launch is done; the server itself was not launched, so it remembers nothing."""
    job.participants[due.step.source_server_id or ""] = "LAUNCHED"


def _fail_back(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    instance = backend.recovery_instances.get(str(due.step.data["recoveryInstanceID"]))
    job.participants[due.step.source_server_id or ""] = "LAUNCHED"
    if instance is not None:
        instance.failback_result = "FAILBACK_COMPLETED"


def _launch_network(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    network = backend.networks[str(due.step.data["sourceNetworkID"])]
    network.launched_vpc_id = launch_vpc(backend, network)
    network.recovery_result = "SUCCESS"
    job.networks[network.id] = "LAUNCHED"


def _remove_earlier(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    """A relaunch replaces the earlier recovery instance; a termination has already removed its own."""
    if job.type != "LAUNCH":
        return
    earlier = _server(backend, due).recovery_instance_id
    if earlier is not None:
        terminate_machine(backend, earlier)
        backend.forget_instance(earlier)


def _terminate(backend: DrsBackend, job: Job, due: ScheduledStep, _late: float) -> None:
    server = _server(backend, due)
    instance_id = job.terminating[server.id]
    refusal = terminate_machine(backend, instance_id)
    if refusal is None:
        job.participants[server.id] = "TERMINATED"
        backend.forget_instance(instance_id)
        return
    job.participants[server.id] = "FAILED"
    job.log.append(LogItem(due.at, "CLEANUP_FAIL", {"sourceServerID": server.id, "rawError": refusal}))


def _pass_checks(backend: DrsBackend, due: ScheduledStep) -> None:
    """Both status checks are through; one that was made to fail stays as it is."""
    instance = backend.recovery_instances.get(str(due.step.data["recoveryInstanceID"]))
    if instance is None:
        return
    if instance.system_check == "initializing":
        instance.system_check = "ok"
    if instance.instance_check == "initializing":
        instance.instance_check = "ok"


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
    "CONVERTED": _convert,
    "FAILED_BACK": _fail_back,
    "LAUNCHED": _launch,
    "NETWORK_LAUNCHED": _launch_network,
    "FAILED": _fail,
    "TERMINATED": _terminate,
    "CHECKS": begin_bad_checks,
}
OWN_EFFECTS: dict[str, Callable[[DrsBackend, ScheduledStep], None]] = {
    "ACTIONS_END": end_actions,
    "AGENT_SEEN": see_agent,
    "CHECKS_PASS": _pass_checks,
    "PLAN_WAIT_OVER": lambda backend, due: wait_is_over(backend, str(due.step.data["arn"]), due.at),
    "CHECKS_RECOVER": end_bad_checks,
}
