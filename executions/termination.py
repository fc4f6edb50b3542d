"""How the termination of an execution's instances stands, for programs."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from executions.models import Execution, Job, Termination
from executions.page.ending import TerminationRow
from executions.states import LaunchStatus


@dataclass(frozen=True, slots=True)
class TerminationState:
    """`total` are the instances that it concerns; without a request, those that there are."""

    execution_id: UUID
    is_requested: bool
    total: int
    terminated: int
    instances_terminated: bool
    requested_by: str = ""
    requested_at: datetime | None = None
    done_at: datetime | None = None
    waits_for_confirmation: bool = False
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    gave_up: bool = False
    reason: str = ""
    jobs: tuple[Job, ...] = ()


def state_of_termination(execution: Execution) -> TerminationState:
    """Return it. Reads the execution as `for_detail` fetches it."""
    runs = [run for wave in execution.waves.all() for run in wave.servers.all()]
    asked: Termination | None = getattr(execution, "termination", None)
    if asked is None:
        left = sum(1 for run in runs if run.launch_status == LaunchStatus.LAUNCHED)
        return TerminationState(execution.pk, False, left, 0, execution.instances_terminated)
    row = TerminationRow(asked, runs)
    for call in row.calls:
        if call.job:
            call.job.account = call.account
    return TerminationState(
        execution.pk,
        is_requested=True,
        total=row.total,
        terminated=row.gone,
        instances_terminated=execution.instances_terminated,
        requested_by=asked.requested_by,
        requested_at=asked.requested_at,
        done_at=asked.done_at,
        waits_for_confirmation=asked.is_waiting,
        confirmed_by=asked.confirmed_by,
        confirmed_at=asked.confirmed_at,
        gave_up=row.gave_up,
        reason=asked.reason,
        jobs=tuple(row.jobs),
    )
