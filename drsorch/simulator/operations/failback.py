"""Going back: ReverseReplication, StartFailbackLaunch and StopFailback."""

from dataclasses import replace
from typing import Any

from drsorch.simulator import dice
from drsorch.simulator.backend import DrsBackend, drs_backends
from drsorch.simulator.documents.instances import failback_state, is_failing_back
from drsorch.simulator.documents.jobs import job_document
from drsorch.simulator.documents.replication import RESTART_SECONDS
from drsorch.simulator.errors import AwsError, conflict
from drsorch.simulator.machines import find_machine, machine_state
from drsorch.simulator.operations.admission import new_job, refuse_busy, refuse_unless_admitted
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.finding import find_instance, find_instances
from drsorch.simulator.operations.replication import begin_replication
from drsorch.simulator.records import RecoveryInstance, SourceServer
from drsorch.simulator.timeline import failback_steps

OTHER_WAY = {"FAILOVER": "FAILBACK", "FAILBACK": "FAILOVER"}


def reverse_replication(call: Call) -> dict[str, Any]:
    """Replicate a recovered instance back to where its server came from, as a source server there.

    In the origin Region this re-protects: the source server that was failed over is used again. Only a running instance
    that is no drill can be reversed, once, and DRS must be initialised in the other Region.
    """
    instance, backend = find_instance(call), call.backend
    server = backend.servers[instance.source_server_id]
    refuse_busy(backend.busy, [server.id])
    if instance.is_drill:
        raise _refused(instance, "is a drill instance, which cannot be failed back")
    if instance.reversed_at is not None:
        raise _refused(instance, "replicates back already")
    if instance.is_disconnected or machine_state(find_machine(backend, instance)) != "RUNNING":
        raise _refused(instance, "is not running, or is disconnected")
    other_region = server.description.origin_region or call.place.region
    other = drs_backends[call.place.account][other_region]
    if not other.is_initialized:
        message = f"Account {call.place.account} is not initialized in {other_region}"
        raise AwsError("UninitializedAccountException", message)
    reversed_server = _reversed(call, server, other)
    other.send(call.now, reversed_server)
    server.opposite_arn = reversed_server.arn
    instance.reversed_at, instance.failback_job_id = call.now, None
    backend.stay_busy_until(call.now + RESTART_SECONDS)
    return {"reversedDirectionSourceServerArn": reversed_server.arn}


def start_failback_launch(call: Call) -> dict[str, Any]:
    """Bring instances home as one job. Each must have replicated back completely."""
    instances = find_instances(call)
    servers = [instance.source_server_id for instance in instances]
    for instance in instances:
        state = failback_state(instance, call.now)
        if state != "FAILBACK_READY_FOR_LAUNCH":
            raise _refused(instance, f"is not ready to be failed back: it is {state}")
    refuse_unless_admitted(call, servers)
    job = new_job(call, "LAUNCH", "FAILBACK", servers)
    for instance in instances:
        instance.failback_job_id, instance.failback_at, instance.failback_result = job.id, call.now, None
    call.backend.add_job(job, failback_steps([(instance.source_server_id, instance.id) for instance in instances]))
    return {"job": job_document(job, call.settings.visibility)}


def stop_failback(call: Call) -> dict[str, Any]:
    """Give a failback up: the instance is FAILBACK_NOT_STARTED again, and its server there replicates no more."""
    instance = find_instance(call)
    server = call.backend.servers[instance.source_server_id]
    if instance.reversed_at is not None and server.opposite_arn is not None:
        other = drs_backends[call.place.account][server.opposite_arn.split(":")[3]]
        opposite = other.servers.get(server.opposite_arn.rpartition("/")[2])
        if opposite is not None:
            stopped = replace(opposite.description, replication="STOPPED")
            opposite = replace(
                opposite, description=stopped, restarted_at=None, protected_since=None, broken_at=call.now
            )
            other.send(call.now, opposite)
    instance.reversed_at = instance.failback_job_id = instance.failback_at = None
    instance.is_failback_stopped = True
    return {}


def refuse_failing_back(call: Call, instance: RecoveryInstance) -> None:
    """Raise ConflictException while an instance is being failed back."""
    if is_failing_back(instance, call.now):
        raise _refused(instance, f"is being failed back: it is {failback_state(instance, call.now)}")


def _reversed(call: Call, server: SourceServer, other: DrsBackend) -> SourceServer:
    """The source server on the other side: the opposite that exists already, as it begins anew, or a new one."""
    description = replace(server.description, origin_region=call.place.region)
    opposite = other.servers.get((server.opposite_arn or "").rpartition("/")[2])
    if opposite is not None:
        made = replace(opposite, opposite_arn=server.arn)
    else:
        server_id = f"s-{dice.hex_digits(17)}"
        made = SourceServer(
            id=server_id,
            arn=other.arn("source-server", server_id),
            description=description,
            seed=int(dice.hex_digits(17), 16),
            added_at=call.now,
            broken_at=call.now,
            tags=dict(server.tags),
            direction=OTHER_WAY[server.direction],
            opposite_arn=server.arn,
        )
    begin_replication(made, call.now)
    return made


def _refused(instance: RecoveryInstance, why: str) -> AwsError:
    return conflict(f"Recovery instance {instance.id} {why}", instance.id, "RecoveryInstance")
