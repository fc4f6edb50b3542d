"""Reading AWS's own recovery plans; they are made by the control path."""

from collections.abc import Mapping
from typing import Any, TypeVar

from drsorch.simulator.documents import recovery_plans as documents
from drsorch.simulator.errors import not_found
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.pages import page_of

Kept = TypeVar("Kept")


def list_recovery_plans(call: Call) -> dict[str, Any]:
    """Every plan of this account and Region."""
    return page_of(call, list(call.backend.native_plans.values()), documents.plan_summary, "recoveryPlans")


def get_recovery_plan(call: Call) -> dict[str, Any]:
    """One plan."""
    plan = _find(call, "recoveryPlanArn", call.backend.native_plans)
    return {"recoveryPlan": documents.plan_document(plan)}


def list_recovery_plan_steps(call: Call) -> dict[str, Any]:
    """The steps of a plan in their order."""
    plan = _find(call, "recoveryPlanArn", call.backend.native_plans)
    return page_of(call, plan.steps, documents.plan_step, "recoveryPlanSteps")


def list_recovery_plan_executions(call: Call) -> dict[str, Any]:
    """Executions, newest first, of one plan or of all, in one status or in any."""
    plan, status = call.params.get("recoveryPlanArn"), call.params.get("status")
    found = [
        execution
        for execution in reversed(call.backend.native_executions.values())
        if plan in (None, execution.plan_arn) and status in (None, execution.status)
    ]
    return page_of(call, found, documents.execution_summary, "recoveryPlanExecutions")


def get_recovery_plan_execution(call: Call) -> dict[str, Any]:
    """One execution."""
    execution = _find(call, "recoveryPlanExecutionArn", call.backend.native_executions)
    return {"recoveryPlanExecution": documents.execution_document(execution)}


def list_recovery_plan_execution_steps(call: Call) -> dict[str, Any]:
    """The steps of an execution in their order, in one status or in any."""
    execution = _find(call, "recoveryPlanExecutionArn", call.backend.native_executions)
    status = call.params.get("filter", {}).get("status")
    steps = [step for step in execution.steps if status in (None, step.status)]
    return page_of(call, steps, documents.execution_step_summary, "recoveryPlanExecutionSteps")


def get_recovery_plan_execution_step(call: Call) -> dict[str, Any]:
    """One step of an execution."""
    steps = {step.arn: step for execution in call.backend.native_executions.values() for step in execution.steps}
    step = _find(call, "recoveryPlanExecutionStepArn", steps)
    return {"recoveryPlanExecutionStep": documents.execution_step_document(step)}


def _find(call: Call, member: str, kept: Mapping[str, Kept]) -> Kept:
    arn = call.params[member]
    if arn not in kept:
        kind = member[0].upper() + member[1:].removesuffix("Arn")
        raise not_found(f"{arn} does not exist", arn[:1024], kind)
    return kept[arn]
