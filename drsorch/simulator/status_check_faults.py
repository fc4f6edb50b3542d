"""Status checks of EC2 that turn out badly: steps of a job that a fault rule has put into its schedule."""

from drsorch.simulator.backend import DrsBackend, ScheduledStep
from drsorch.simulator.records import Job, RecoveryInstance
from drsorch.simulator.timeline import Step


def begin_bad_checks(backend: DrsBackend, _job: Job, due: ScheduledStep, _late: float) -> None:
    """Let the instance that was just launched be in the state the rule names, for its seconds or for good."""
    server = backend.servers[due.step.source_server_id or ""]
    instance = backend.recovery_instances.get(server.recovery_instance_id or "")
    if instance is None:
        return
    backend.rewrite_schedule(lambda step: None if _passes(step, instance) else step)
    data = due.step.data
    set_checks(instance, str(data["check"]), str(data["state"]))
    if data["seconds"] is not None:
        end = due.at + float(str(data["seconds"]))
        backend.schedule(end, Step(0, "CHECKS_RECOVER", data={"recoveryInstanceID": instance.id}))


def _passes(waiting: ScheduledStep, instance: RecoveryInstance) -> bool:
    return waiting.step.event == "CHECKS_PASS" and waiting.step.data["recoveryInstanceID"] == instance.id


def end_bad_checks(backend: DrsBackend, due: ScheduledStep) -> None:
    """Both checks are well again."""
    instance = backend.recovery_instances.get(str(due.step.data["recoveryInstanceID"]))
    if instance is not None:
        set_checks(instance, "both", "ok")


def set_checks(instance: RecoveryInstance, check: str, state: str) -> None:
    """Set the `system` check, the `instance` check, or `both`; a check that is not meant is fine."""
    instance.system_check = state if check in ("system", "both") else "ok"
    instance.instance_check = state if check in ("instance", "both") else "ok"
