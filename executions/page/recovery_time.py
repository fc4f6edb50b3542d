"""The recovery time objective of an execution: how much of it is left, or by how much it was missed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from drsorch.console.times import duration_text
from executions.models import Execution
from executions.reports import Measured

NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class RecoveryTime:
    """The RTO as it stands: `due_at` while the time runs, `text` when it has been met or missed."""

    label: str
    tone: str
    text: str = ""
    due_at: datetime | None = None


def recovery_time(execution: Execution) -> RecoveryTime | None:
    """Return how `execution` stands to the RTO of its plan as it was; None when the plan has none.

    The time runs from the start that a person asked for to the end, decisions of people included.
    """
    minutes = execution.rto_minutes
    if not minutes:
        return None
    label = f"RTO of {minutes} min"
    due_at = execution.created_at + timedelta(minutes=minutes)
    if execution.is_active:
        return RecoveryTime(label, "error" if timezone.now() > due_at else "info", due_at=due_at)
    spare = Measured.of(execution, minutes).spare
    if spare is None:
        return RecoveryTime(label, "warn", "Not reached: not all went well")
    if spare >= NOTHING:
        return RecoveryTime(label, "ok", f"Met, {duration_text(spare)} to spare")
    return RecoveryTime(label, "error", f"Missed by {duration_text(-spare)}")
