"""EC2's two status checks of recovery instances: moto knows only `ok`, so they are read from the recovery instance."""

from typing import Any

from moto.ec2.models.instances import Instance

from drsorch.simulator.backend import drs_backends

RUNNING = 16
DETAILS = {
    "ok": "passed",
    "impaired": "failed",
    "initializing": "initializing",
    "insufficient-data": "insufficient-data",
}


def install() -> None:
    """Let DescribeInstanceStatus ask the recovery instances. Other instances stay as moto has them."""
    Instance.instance_status = property(lambda machine: _status(machine, "instance_check"))
    Instance.system_status = property(lambda machine: _status(machine, "system_check"))


def _status(machine: Instance, check: str) -> dict[str, Any]:
    if machine.state_code != RUNNING:
        return {"Status": "not-applicable"}
    ec2 = machine.ec2_backend
    backend = drs_backends[ec2.account_id].get(ec2.region_name)
    instance = backend.recovery_instances.get(machine.id) if backend else None
    status = getattr(instance, check) if instance else "ok"
    return {"Details": [{"Name": "reachability", "Status": DETAILS[status]}], "Status": status}
