"""What the simulated DRS remembers of AWS's own recovery plans. Plain data throughout."""

from dataclasses import dataclass, field


@dataclass
class PlanStep:
    """Servers that are launched together (ARN -> CRITICAL or OPTIONAL), or a wait when `wait_minutes` is set."""

    arn: str
    order: int
    name: str
    servers: dict[str, str]
    wait_minutes: int | None
    created_at: float


@dataclass
class NativePlan:
    """A recovery plan of AWS's own."""

    arn: str
    name: str
    created_at: float
    steps: list[PlanStep]
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class ExecutionStep(PlanStep):
    """One step of an execution: a copy of the plan's step when it started, under its own ARN, and what became of it."""

    updated_at: float
    status: str = "NOT_STARTED"
    job_id: str | None = None
    error: tuple[str, str] | None = None


@dataclass
class PlanExecution:
    """One run of a recovery plan. `error` is (code, message)."""

    arn: str
    plan_arn: str
    mode: str
    started_at: float
    steps: list[ExecutionStep]
    tags: dict[str, str] = field(default_factory=dict)
    status: str = "IN_PROGRESS"
    completed_at: float | None = None
    error: tuple[str, str] | None = None
