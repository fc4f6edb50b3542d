"""Recovery instances: describe, terminate, disconnect, delete."""

from typing import Any

from drsorch.simulator.documents.instances import recovery_instance
from drsorch.simulator.documents.jobs import job_document
from drsorch.simulator.errors import conflict
from drsorch.simulator.machines import find_machine
from drsorch.simulator.operations.admission import new_job, refuse_busy, refuse_unless_admitted
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.failback import refuse_failing_back
from drsorch.simulator.operations.finding import find_instance, find_instances
from drsorch.simulator.operations.pages import page_of
from drsorch.simulator.timeline import termination_steps


def describe_recovery_instances(call: Call) -> dict[str, Any]:
    """The recovery instances that pass every filter; those that were terminated are gone from here."""
    filters, backend = call.filters, call.backend
    ids, servers = filters.get("recoveryInstanceIDs"), filters.get("sourceServerIDs")
    instances = [
        instance
        for instance in backend.recovery_instances.values()
        if instance.visible_at <= call.now
        and (not ids or instance.id in ids)
        and (not servers or instance.source_server_id in servers)
    ]
    return page_of(
        call,
        instances,
        lambda instance: recovery_instance(
            instance,
            backend.servers[instance.source_server_id],
            find_machine(backend, instance),
            call.place.region,
            call.now,
        ),
    )


def terminate_recovery_instances(call: Call) -> dict[str, Any]:
    """Terminate instances as one job. An instance that is gone is a conflict, and so is one that fails back."""
    instances = find_instances(call)
    servers = [instance.source_server_id for instance in instances]
    for instance in instances:
        refuse_failing_back(call, instance)
    refuse_unless_admitted(call, servers)
    job = new_job(call, "TERMINATE", "TERMINATE_RECOVERY_INSTANCES", servers)
    job.terminating = {instance.source_server_id: instance.id for instance in instances}
    call.backend.add_job(job, termination_steps(servers))
    return {"job": job_document(job, call.settings.visibility)}


def disconnect_recovery_instance(call: Call) -> dict[str, Any]:
    """Give an instance up: DRS keeps it in its lists, but replicates it no more."""
    instance = find_instance(call)
    refuse_busy(call.backend.busy, [instance.source_server_id])
    if instance.is_disconnected:
        message = f"Recovery instance {instance.id} is disconnected already"
        raise conflict(message, instance.id, "RecoveryInstance")
    instance.is_disconnected = True
    instance.reversed_at = instance.failback_job_id = None
    return {}


def delete_recovery_instance(call: Call) -> dict[str, Any]:
    """Forget a disconnected instance; the machine goes on. No ResourceNotFound is declared: unknown ones conflict."""
    instance_id, backend = call.params["recoveryInstanceID"], call.backend
    instance = backend.recovery_instances.get(instance_id)
    if instance is None or not instance.is_disconnected:
        problem = "does not exist" if instance is None else "must be disconnected before it can be deleted"
        raise conflict(f"Recovery instance {instance_id} {problem}", instance_id, "RecoveryInstance")
    refuse_busy(backend.busy, [instance.source_server_id])
    backend.forget_instance(instance_id)
    return {}
