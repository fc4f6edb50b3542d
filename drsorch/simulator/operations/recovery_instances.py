"""DescribeRecoveryInstances and TerminateRecoveryInstances."""

from typing import Any

from drsorch.simulator.backend import new_job_id
from drsorch.simulator.documents.instances import recovery_instance
from drsorch.simulator.documents.jobs import job_document
from drsorch.simulator.errors import conflict, invalid
from drsorch.simulator.operations.admission import refuse_unless_admitted
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.pages import page_of
from drsorch.simulator.records import Job, RecoveryInstance
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
        lambda instance: recovery_instance(instance, backend.servers[instance.source_server_id], call.place.region),
    )


def terminate_recovery_instances(call: Call) -> dict[str, Any]:
    """Terminate instances as one job. An instance that is gone is a conflict: no ResourceNotFound is declared."""
    ids = call.params["recoveryInstanceIDs"]
    if len(set(ids)) < len(ids):
        problem = "names a recovery instance twice"
        raise invalid(f"recoveryInstanceIDs {problem}", ("recoveryInstanceIDs", problem))
    instances = [_find(call, instance_id) for instance_id in ids]
    servers = [instance.source_server_id for instance in instances]
    refuse_unless_admitted(call, servers)
    job_id = new_job_id()
    job = Job(
        id=job_id,
        arn=call.backend.arn("job", job_id),
        type="TERMINATE",
        initiated_by="TERMINATE_RECOVERY_INSTANCES",
        created_at=call.now,
        visible_at=call.now + call.settings.visibility.job_invisible_seconds,
        tags={},
        participants=dict.fromkeys(servers, "PENDING"),
        terminating={instance.source_server_id: instance.id for instance in instances},
    )
    call.backend.add_job(job, termination_steps(servers))
    return {"job": job_document(job, call.settings.visibility)}


def _find(call: Call, instance_id: str) -> RecoveryInstance:
    instance = call.backend.recovery_instances.get(instance_id)
    if instance is None:
        raise conflict(
            f"Recovery instance {instance_id} does not exist or is being terminated", instance_id, "RecoveryInstance"
        )
    return instance
