"""What happens to servers and instances behind the caller's back, by a rule or at once by the control path."""

from collections.abc import Callable
from dataclasses import replace

from moto.ec2.models import ec2_backends

from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.faults.in_force import Faults
from drsorch.simulator.faults.kinds import Stage
from drsorch.simulator.faults.rules import FaultRule, Place
from drsorch.simulator.records import RecoveryInstance, SourceServer


def happen_before(faults: Faults, place: Place, backend: DrsBackend, now: float) -> bool:
    """Let every rule that hits this call have its happening. Returns whether there was any. The lock is held."""
    rules = faults.take_all(Stage.HAPPENING, place)
    for rule in rules:
        happen(rule, backend, now)
    return bool(rules)


def happen(rule: FaultRule, backend: DrsBackend, now: float) -> None:
    """Let it happen now. The caller holds the backend's lock."""
    HAPPENINGS[rule.kind](rule, backend, now)


def _chosen(rule: FaultRule, backend: DrsBackend) -> list[SourceServer]:
    return [server for server in backend.servers.values() if rule.chooses(server.id)]


def _instances(rule: FaultRule, backend: DrsBackend) -> list[RecoveryInstance]:
    return [entry for entry in backend.recovery_instances.values() if rule.chooses(entry.source_server_id)]


def _replication(rule: FaultRule, backend: DrsBackend, now: float) -> None:
    for server in _chosen(rule, backend):
        usual = server.description
        lag = usual.lag_seconds if rule.lag_seconds is None else int(rule.lag_seconds)
        server.description = replace(usual, replication=rule.state, lag_seconds=lag)
        server.broken_at, server.restarted_at = now, None


def _server_deleted(rule: FaultRule, backend: DrsBackend, _now: float) -> None:
    """DRS deletes no server that is in a job or has a recovery instance."""
    for server in _chosen(rule, backend):
        if server.id not in backend.busy and server.recovery_instance_id is None:
            del backend.servers[server.id]


def _tags_changed(rule: FaultRule, backend: DrsBackend, _now: float) -> None:
    for server in _chosen(rule, backend):
        changed = {**server.tags, **rule.tags}
        server.tags = {key: value for key, value in changed.items() if value is not None}


def _instance_stopped(rule: FaultRule, backend: DrsBackend, _now: float) -> None:
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    ec2.stop_instances([instance.id for instance in _instances(rule, backend)])


def _instance_terminated(rule: FaultRule, backend: DrsBackend, _now: float) -> None:
    ids = [instance.id for instance in _instances(rule, backend)]
    if ids:
        ec2_backends[backend.account_id][backend.region_name].terminate_instances(ids)


HAPPENINGS: dict[str, Callable[[FaultRule, DrsBackend, float], None]] = {
    "replication": _replication,
    "server_deleted": _server_deleted,
    "tags_changed": _tags_changed,
    "instance_stopped": _instance_stopped,
    "instance_terminated": _instance_terminated,
}
