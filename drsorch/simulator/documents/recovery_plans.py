"""AWS's own recovery plans, their executions and steps on the wire."""

from typing import Any

from drsorch.simulator.clock import write_timestamp
from drsorch.simulator.plan_records import ExecutionStep, NativePlan, PlanExecution, PlanStep

ATTEMPT = 1


def plan_summary(plan: NativePlan) -> dict[str, Any]:
    """A plan in a list."""
    return {
        "recoveryPlanArn": plan.arn,
        "name": plan.name,
        "status": "ACTIVE",
        "createdAt": write_timestamp(plan.created_at),
        "updatedAt": write_timestamp(plan.created_at),
    }


def plan_document(plan: NativePlan) -> dict[str, Any]:
    """A plan by itself."""
    return {**plan_summary(plan), "description": "", "tags": dict(plan.tags)}


def plan_step(step: PlanStep) -> dict[str, Any]:
    """A step of a plan."""
    servers = [{"serverArn": arn, "impactLevel": impact} for arn, impact in step.servers.items()]
    return {
        "recoveryPlanStepArn": step.arn,
        "stepOrder": step.order,
        "stepName": step.name,
        "configuration": _configuration(step, "serverStepConfiguration", servers),
        "createdAt": write_timestamp(step.created_at),
        "updatedAt": write_timestamp(step.created_at),
    }


def execution_summary(execution: PlanExecution) -> dict[str, Any]:
    """An execution in a list."""
    return {
        "recoveryPlanExecutionArn": execution.arn,
        "recoveryPlanArn": execution.plan_arn,
        "mode": execution.mode,
        "status": execution.status,
        "startedAt": write_timestamp(execution.started_at),
        **_error(execution.error),
    }


def execution_document(execution: PlanExecution) -> dict[str, Any]:
    """An execution by itself; one that has not ended has no end."""
    document = {**execution_summary(execution), "tags": dict(execution.tags)}
    if execution.completed_at is not None:
        document["completedAt"] = write_timestamp(execution.completed_at)
    return document


def execution_step_summary(step: ExecutionStep) -> dict[str, Any]:
    """A step of an execution in a list; its servers carry the job that launches them, once there is one."""
    job = {"jobID": step.job_id} if step.job_id else {}
    servers = [{"serverArn": arn, "impactLevel": impact, **job} for arn, impact in step.servers.items()]
    return {
        "recoveryPlanExecutionStepArn": step.arn,
        "stepName": step.name,
        "stepIndex": step.order,
        "status": step.status,
        "configuration": _configuration(step, "executionServerStepConfiguration", servers),
        **_error(step.error),
    }


def execution_step_document(step: ExecutionStep) -> dict[str, Any]:
    """A step of an execution by itself."""
    return {
        **execution_step_summary(step),
        "attempt": ATTEMPT,
        "createdAt": write_timestamp(step.created_at),
        "updatedAt": write_timestamp(step.updated_at),
    }


def _configuration(step: PlanStep, member: str, servers: list[dict[str, Any]]) -> dict[str, Any]:
    if step.wait_minutes is not None:
        return {"waitStepConfiguration": {"waitDurationMinutes": step.wait_minutes}}
    return {member: {"servers": servers}}


def _error(error: tuple[str, str] | None) -> dict[str, Any]:
    return {"errorDetail": {"code": error[0], "message": error[1]}} if error else {}
