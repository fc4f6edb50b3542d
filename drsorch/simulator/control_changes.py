"""What the control path changes in the simulated AWS. Everything here can be done again from the journal."""

import json
from dataclasses import asdict
from typing import Any

from moto.iam.models import Role, iam_backends

from drsorch.simulator.control_places import Body, Handler, backend_of, named_servers, refuse_unknown
from drsorch.simulator.control_reports import health, requests
from drsorch.simulator.credentials import PARTITION, Caller
from drsorch.simulator.errors import AwsError, BadControlRequest
from drsorch.simulator.faults import Place, Stage
from drsorch.simulator.faults.happenings import happen
from drsorch.simulator.faults.rules import read_rule
from drsorch.simulator.moto_state import role_trust
from drsorch.simulator.operations import OPERATIONS
from drsorch.simulator.operations.call import Call
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.worlds import Sizes
from drsorch.simulator.worlds.description import ROLE_NAME

FASTEST = 100_000
DENYING_POLICY = "denied-by-the-control-path"


def clock(simulation: Simulation, body: Body) -> Body:
    """Run at another speed, jump forward, or both."""
    refuse_unknown(body, {"speed", "advance"})
    speed, seconds = _number(body, "speed", FASTEST), _number(body, "advance", float("inf"))
    if speed is not None:
        simulation.clock.set_speed(speed)
    if seconds is not None:
        simulation.clock.advance(seconds)
    return health(simulation, body)


def add_fault(simulation: Simulation, body: Body) -> list[Body]:
    """Put a rule in force."""
    simulation.faults.add(body, simulation.clock.now())
    return simulation.faults.report()


def clear_faults(simulation: Simulation, _body: Body) -> list[Body]:
    """Put every rule out of force."""
    simulation.faults.clear()
    return []


def fail_server(simulation: Simulation, body: Body) -> list[Body]:
    """Let the next launches of a server fail."""
    refuse_unknown(body, {"account", "region", "source_server_id", "at", "times"})
    backend = backend_of(body)
    account, region = backend.account_id, backend.region_name
    server_id = str(body.get("source_server_id"))
    if server_id not in backend.servers:
        raise BadControlRequest(f"There is no source server {server_id} in {account} {region}.", 404)
    rule = {"kind": "launch_failure", "account": account, "region": region, "source_server_ids": [server_id]}
    return add_fault(simulation, {**rule, "at": body.get("at", "LAUNCH"), "times": body.get("times", 1)})


def make_happen(simulation: Simulation, body: Body) -> Body:
    """Let something happen to servers or instances at once, that a rule would let happen before a call."""
    rule = read_rule(body, 0, simulation.clock.now())
    if rule.nature.stage is not Stage.HAPPENING:
        raise BadControlRequest(f"A {rule.kind} fault does not happen by itself; put it in force as a rule.")
    backend = backend_of(body)
    happen(rule, backend, simulation.clock.now())
    return {"source_server_ids": list(backend.servers), "recovery_instance_ids": list(backend.recovery_instances)}


def start_job(simulation: Simulation, body: Body) -> Body:
    """Start a job as another operator of the account, who knows nothing of ours."""
    refuse_unknown(body, {"account", "region", "source_server_ids", "is_drill"})
    backend = backend_of(body)
    params = {
        "sourceServers": [{"sourceServerID": str(server)} for server in named_servers(body)],
        "isDrill": bool(body.get("is_drill")),
    }
    stranger = Caller(backend.account_id, f"arn:aws:iam::{backend.account_id}:user/another-operator")
    place = Place("drs", "StartRecovery", backend.account_id, backend.region_name)
    now = simulation.catch_up(backend)
    call = Call(place, params, stranger, backend, simulation.settings, simulation.faults, now)
    try:
        job = OPERATIONS["StartRecovery"](call)["job"]
    except AwsError as error:
        raise BadControlRequest(f"{error.code}: {error.message}.") from None
    simulation.set_pace(backend)
    return {"jobID": job["jobID"]}


def access(simulation: Simulation, body: Body) -> Body:
    """Take rights from an account's role (`deny`, a list of actions; none gives them back), or change whom it trusts.

    `external_id` is what callers must name from now on; null trusts nobody.
    """
    refuse_unknown(body, {"account", "deny", "external_id"})
    role = _role(str(body.get("account")))
    if "deny" in body:
        actions = body["deny"]
        if not isinstance(actions, list) or not all(isinstance(action, str) for action in actions):
            raise BadControlRequest("deny must be a list of actions, for example drs:StartRecovery.")
        role.policies.pop(DENYING_POLICY, None)
        if actions:
            statement = {"Effect": "Deny", "Action": actions, "Resource": "*"}
            role.policies[DENYING_POLICY] = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    if "external_id" in body:
        if body["external_id"] is not None and not isinstance(body["external_id"], str):
            raise BadControlRequest("external_id must be a string, or null to trust nobody.")
        role.assume_role_policy_document = role_trust(simulation.world.hub.id, body["external_id"])
    return {"denied": DENYING_POLICY in role.policies}


def change_region(simulation: Simulation, body: Body) -> Body:
    """Say whether DRS is `initialized` in an account's Region, and whether the account has the Region `enabled`."""
    refuse_unknown(body, {"account", "region", "initialized", "enabled"})
    backend = backend_of(body)
    place = backend.account_id, backend.region_name
    for name in ("initialized", "enabled"):
        if not isinstance(body.get(name, True), bool):
            raise BadControlRequest(f"{name} must be true or false.")
    backend.is_initialized = body.get("initialized", backend.is_initialized)
    if "enabled" in body:
        (simulation.disabled_regions.discard if body["enabled"] else simulation.disabled_regions.add)(place)
    return {"initialized": backend.is_initialized, "enabled": place not in simulation.disabled_regions}


def settings(simulation: Simulation, body: Body) -> Body:
    """Change settings; all of them come back."""
    simulation.settings.update(body)
    return asdict(simulation.settings)


def reset_requests(simulation: Simulation, _body: Body) -> Body:
    """Count from zero."""
    simulation.counters.reset()
    return requests(simulation, {})


def reset(simulation: Simulation, body: Body) -> Body:
    """Begin again with a fresh world."""
    refuse_unknown(body, {"world", "speed", "sizes"})
    speed = _number(body, "speed", FASTEST)
    sizes: Sizes | None = body.get("sizes")
    if sizes is not None and not isinstance(sizes, dict):
        raise BadControlRequest("sizes must be a map.")
    name = str(body.get("world", simulation.world.name))
    simulation.reset(name, simulation.clock.speed if speed is None else speed, sizes)
    return health(simulation, {})


def expire(simulation: Simulation, _body: Body) -> dict[str, int]:
    """End every AssumeRole session now."""
    return {"expired": simulation.sessions.expire_all()}


def _role(account: str) -> Role:
    roles = iam_backends[account][PARTITION].roles.values() if account in iam_backends else ()
    role = next((role for role in roles if role.name == ROLE_NAME), None)
    if role is None:
        raise BadControlRequest(f"There is no account {account} with a role {ROLE_NAME} here.", 404)
    return role


def _number(body: Body, name: str, highest: float) -> float | None:
    value: Any = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= highest:
        raise BadControlRequest(f"{name} must be a number from 0 to {highest:g}.")
    return float(value)


CHANGES: dict[tuple[str, str], Handler] = {
    ("POST", "clock"): clock,
    ("POST", "fault"): add_fault,
    ("DELETE", "faults"): clear_faults,
    ("POST", "servers/fail"): fail_server,
    ("POST", "happen"): make_happen,
    ("POST", "jobs"): start_job,
    ("POST", "access"): access,
    ("POST", "regions"): change_region,
    ("POST", "settings"): settings,
    ("DELETE", "requests"): reset_requests,
    ("POST", "reset"): reset,
    ("POST", "expire"): expire,
}
