"""Recovery plans of AWS's own, and quotas, as the control path makes them. Can be done again from the journal."""

from typing import Any

from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.control_places import Body, Handler, backend_of, choice, named_servers, refuse_unknown
from drsorch.simulator.errors import BadControlRequest
from drsorch.simulator.native_plans import CRITICAL, LIVE, add_execution, add_plan
from drsorch.simulator.quotas import QUOTAS, quota_value
from drsorch.simulator.simulation import Simulation

IMPACTS = (CRITICAL, "OPTIONAL")
MODES = ("DRILL", "RECOVERY")
STATUSES = ("IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED")
LONGEST_WAIT = 120


def create_plan(simulation: Simulation, body: Body) -> Body:
    """Make a recovery plan of AWS's own, of steps with `source_server_ids` (and `impact`) or `wait_minutes`."""
    refuse_unknown(body, {"account", "region", "name", "steps"})
    backend, steps = backend_of(body), body.get("steps")
    if not isinstance(steps, list) or not steps:
        raise BadControlRequest("steps must be a list with at least one step.")
    contents = [_step(backend, step) for step in steps]
    plan = add_plan(backend, str(body.get("name", "Practice plan")), contents, simulation.clock.now())
    return {"recoveryPlanArn": plan.arn}


def start_execution(simulation: Simulation, body: Body) -> Body:
    """Run such a plan as somebody else does, or with another `status` add a run that has ended."""
    refuse_unknown(body, {"account", "region", "plan_arn", "mode", "status"})
    backend = backend_of(body)
    plan = backend.native_plans.get(str(body.get("plan_arn")))
    if plan is None:
        raise BadControlRequest(f"There is no recovery plan {body.get('plan_arn')} in that account and Region.", 404)
    mode, status = choice(body, "mode", MODES), choice(body, "status", STATUSES)
    running = [entry for entry in backend.native_executions.values() if entry.plan_arn == plan.arn]
    if status in LIVE and any(entry.status in LIVE for entry in running):
        raise BadControlRequest(f"The recovery plan {plan.arn} is running already.", 409)
    execution = add_execution(backend, plan, mode, status, simulation.clock.now())
    simulation.set_pace(backend)
    return {"recoveryPlanExecutionArn": execution.arn, "status": execution.status}


def change_quotas(simulation: Simulation, body: Body) -> dict[str, float]:
    """Set quotas of one account and Region by their names; null goes back to what holds everywhere."""
    refuse_unknown(body, {"account", "region", "quotas"})
    backend, changes = backend_of(body), body.get("quotas", {})
    codes = {quota.setting: quota.code for quota in QUOTAS}
    if not isinstance(changes, dict):
        raise BadControlRequest("quotas must be a map.")
    refuse_unknown(changes, set(codes))
    for name, value in changes.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise BadControlRequest(f"The quota {name} must be a number that is not negative, or null.")
    for name, value in changes.items():
        backend.quotas.pop(codes[name], None)
        if value is not None:
            backend.quotas[codes[name]] = float(value)
    return {quota.setting: quota_value(quota, backend, simulation.settings.quotas) for quota in QUOTAS}


def _step(backend: DrsBackend, step: Any) -> dict[str, str] | int:
    """The ARNs of a step's servers with their impact, or the minutes that it waits."""
    if not isinstance(step, dict):
        raise BadControlRequest("A step must be a map.")
    refuse_unknown(step, {"source_server_ids", "impact", "wait_minutes"})
    if "wait_minutes" in step:
        minutes = step["wait_minutes"]
        if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= LONGEST_WAIT:
            raise BadControlRequest(f"wait_minutes must be a whole number from 1 to {LONGEST_WAIT}.")
        return int(minutes)
    impact, ids = choice(step, "impact", IMPACTS), named_servers(step)
    unknown = [server_id for server_id in ids if server_id not in backend.servers]
    if unknown:
        raise BadControlRequest(f"There is no source server {unknown[0]} in that account and Region.", 404)
    return {backend.servers[server_id].arn: impact for server_id in ids}


PLAN_CHANGES: dict[tuple[str, str], Handler] = {
    ("POST", "native-plans"): create_plan,
    ("POST", "native-executions"): start_execution,
    ("POST", "quotas"): change_quotas,
}
