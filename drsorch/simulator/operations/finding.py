"""Finding what a call names, or refusing it as AWS does."""

from drsorch.simulator.errors import conflict, invalid, not_found
from drsorch.simulator.operations.call import Call
from drsorch.simulator.records import RecoveryInstance, SourceServer


def find_server(call: Call, source_server_id: str | None = None) -> SourceServer:
    """The source server of that id, or of the call's own `sourceServerID`. Raises ResourceNotFoundException."""
    server_id = source_server_id or str(call.params["sourceServerID"])
    server = call.backend.servers.get(server_id)
    if server is None:
        raise not_found(f"Source server {server_id} does not exist", server_id, "SourceServer")
    return server


def find_instance(call: Call) -> RecoveryInstance:
    """The recovery instance that the call names. Raises ResourceNotFoundException."""
    instance_id = str(call.params["recoveryInstanceID"])
    instance = call.backend.recovery_instances.get(instance_id)
    if instance is None:
        raise not_found(f"Recovery instance {instance_id} does not exist", instance_id, "RecoveryInstance")
    return instance


def find_instances(call: Call) -> list[RecoveryInstance]:
    """The instances of `recoveryInstanceIDs`. One that is gone is a conflict: no ResourceNotFound is declared."""
    ids = call.params["recoveryInstanceIDs"]
    if len(set(ids)) < len(ids):
        problem = "names a recovery instance twice"
        raise invalid(f"recoveryInstanceIDs {problem}", ("recoveryInstanceIDs", problem))
    for instance_id in ids:
        if instance_id not in call.backend.recovery_instances:
            message = f"Recovery instance {instance_id} does not exist or is being terminated"
            raise conflict(message, instance_id, "RecoveryInstance")
    return [call.backend.recovery_instances[instance_id] for instance_id in ids]
