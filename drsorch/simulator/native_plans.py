"""AWS's own recovery plans: executions that start a real launch job per step and move on when it has ended."""

from drsorch.simulator import dice
from drsorch.simulator.backend import DrsBackend, new_job_id
from drsorch.simulator.launching import begin_launch, plan_launch
from drsorch.simulator.plan_records import ExecutionStep, NativePlan, PlanExecution, PlanStep
from drsorch.simulator.records import Job
from drsorch.simulator.timeline import Step

LIVE = {"CREATED", "IN_PROGRESS", "CANCELLING"}
CRITICAL = "CRITICAL"


def add_plan(backend: DrsBackend, name: str, contents: list[dict[str, str] | int], now: float) -> NativePlan:
    """Add a plan whose steps are servers (ARN -> impact) or minutes to wait. The caller holds the lock."""
    arn = backend.arn("recovery-plan", f"rp-{dice.hex_digits(17)}")
    steps = [
        PlanStep(
            arn=f"{arn}/step/rps-{dice.hex_digits(17)}",
            order=order,
            name=f"Step {order}",
            servers=content if isinstance(content, dict) else {},
            wait_minutes=content if isinstance(content, int) else None,
            created_at=now,
        )
        for order, content in enumerate(contents, start=1)
    ]
    backend.native_plans[arn] = NativePlan(arn, name, now, steps)
    return backend.native_plans[arn]


def add_execution(backend: DrsBackend, plan: NativePlan, mode: str, status: str, now: float) -> PlanExecution:
    """Run a plan, or with another status than IN_PROGRESS add a run that has ended. The caller holds the lock."""
    arn = f"{plan.arn}/execution/rpe-{dice.hex_digits(17)}"
    ended = {"COMPLETED": "COMPLETED", "FAILED": "FAILED", "CANCELLED": "SKIPPED"}.get(status, "NOT_STARTED")
    steps = [
        ExecutionStep(
            arn=f"{arn}/step/rpes-{dice.hex_digits(17)}",
            order=step.order,
            name=step.name,
            servers=dict(step.servers),
            wait_minutes=step.wait_minutes,
            created_at=now,
            updated_at=now,
            status=ended,
        )
        for step in plan.steps
    ]
    execution = PlanExecution(arn, plan.arn, mode, now, steps)
    backend.native_executions[arn] = execution
    if status == "IN_PROGRESS":
        _go_on(backend, execution, now)
    else:
        execution.status, execution.completed_at = status, now
    return execution


def job_ended(backend: DrsBackend, job: Job, now: float) -> None:
    """When the job was that of a step, the step has ended: failed if any of its critical servers has."""
    for execution in backend.native_executions.values():
        for step in execution.steps:
            if step.job_id == job.id and step.status == "EXECUTING":
                failed = [arn for arn in step.servers if job.participants.get(_id(arn)) == "FAILED"]
                critical = [arn for arn in failed if step.servers[arn] == CRITICAL]
                error = (
                    ("ServerLaunchFailed", f"{len(critical)} critical servers failed to launch") if critical else None
                )
                _end_step(backend, execution, step, error, now)


def wait_is_over(backend: DrsBackend, arn: str, now: float) -> None:
    """The wait of a step has passed."""
    for execution in backend.native_executions.values():
        for step in execution.steps:
            if step.arn == arn and step.status == "WAITING":
                _end_step(backend, execution, step, None, now)


def _end_step(
    backend: DrsBackend, execution: PlanExecution, step: ExecutionStep, error: tuple[str, str] | None, now: float
) -> None:
    step.updated_at, step.error, step.status = now, error, "FAILED" if error else "COMPLETED"
    if error:
        execution.status, execution.completed_at, execution.error = "FAILED", now, error
    else:
        _go_on(backend, execution, now)


def _go_on(backend: DrsBackend, execution: PlanExecution, now: float) -> None:
    """Begin the next step, or complete the execution when there is none."""
    step = next((step for step in execution.steps if step.status == "NOT_STARTED"), None)
    if step is None:
        execution.status, execution.completed_at = "COMPLETED", now
        return
    step.updated_at = now
    if step.wait_minutes is not None:
        step.status = "WAITING"
        backend.schedule(now + step.wait_minutes * 60, Step(0, "PLAN_WAIT_OVER", data={"arn": step.arn}))
        return
    ids = [_id(arn) for arn in step.servers]
    problem = next(
        (server_id for server_id in ids if server_id in backend.busy or server_id not in backend.servers), None
    )
    if problem is not None:
        _end_step(backend, execution, step, ("ConflictException", f"Source server {problem} cannot be launched"), now)
        return
    step.status, step.job_id = "EXECUTING", new_job_id()
    initiated_by = "START_DRILL" if execution.mode == "DRILL" else "START_RECOVERY"
    arn = backend.arn("job", step.job_id)
    job = Job(step.job_id, arn, "LAUNCH", initiated_by, now, now, {}, dict.fromkeys(ids, "PENDING"))
    begin_launch(backend, job, [plan_launch(backend, backend.servers[server_id], now) for server_id in ids])


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
