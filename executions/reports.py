"""What executions prove: the recovery time that was measured against its target, and how many succeeded."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.lookups import GreaterThanOrEqual

from drsorch.sums import Listed, Seconds
from executions.models import Execution
from executions.states import TERMINAL, ExecutionStatus

# The totals are of the newest so many: they cost the same however long the history is.
TOTALLED = 1000


@dataclass(frozen=True, slots=True)
class Measured:
    """How long an ended execution took, from the start that a person asked for, decisions of people included.

    `target` is the RTO of its plan as it was; None without one. Only what was COMPLETED has recovered everything.
    """

    taken: timedelta
    target: timedelta | None
    is_completed: bool

    @classmethod
    def of(cls, row: Any, rto_minutes: int | None) -> "Measured":
        """Return it for an execution, or for what was read of one."""
        target = timedelta(minutes=rto_minutes) if rto_minutes else None
        taken = row.ended_at - row.created_at if row.ended_at else timedelta()
        return cls(taken, target, bool(row.ended_at) and row.status == ExecutionStatus.COMPLETED)

    @property
    def spare(self) -> timedelta | None:
        """How much of the target was left; less than nothing when it was missed; None when there is nothing to say."""
        return self.target - self.taken if self.target is not None and self.is_completed else None

    @property
    def taken_seconds(self) -> int:
        """How long it took, in whole seconds."""
        return int(self.taken.total_seconds())

    @property
    def spare_seconds(self) -> int | None:
        """`spare` in whole seconds."""
        return None if self.spare is None else int(self.spare.total_seconds())

    @property
    def is_met(self) -> bool | None:
        """Whether the target was met: not, when not all was recovered. None without a target."""
        if self.target is None:
            return None
        return self.spare is not None and self.spare >= timedelta()


@dataclass(frozen=True, slots=True)
class Totals:
    """What the newest executions of a report come to. `is_complete`: there are no older ones that match."""

    statuses: Counter[str]
    is_complete: bool
    met: int
    missed: int
    seconds: tuple[int, ...]  # of those that were completed

    @property
    def number(self) -> int:
        """How many executions these totals are of."""
        return self.statuses.total()

    @property
    def success_rate(self) -> float | None:
        """The part that was COMPLETED, of all that ended, cancelled ones too; None of none."""
        return _rate(self.statuses[ExecutionStatus.COMPLETED], self.number)

    @property
    def rto_rate(self) -> float | None:
        """The part that met its target, of those that had one."""
        return _rate(self.met, self.met + self.missed)

    @property
    def median_seconds(self) -> int | None:
        """How long the completed ones took, in the middle."""
        return int(median(self.seconds)) if self.seconds else None

    @property
    def longest_seconds(self) -> int | None:
        """How long the slowest of the completed ones took."""
        return max(self.seconds, default=None)


def reported() -> QuerySet[Execution]:
    """Return the executions that have ended, with what a report says of each."""
    found: QuerySet[Execution] = Execution.objects.ended().with_counts().defer("snapshot")
    return found


def totals_of(rows: QuerySet[Any], count: int | None) -> Totals:
    """Return what the first TOTALLED of `rows` come to, the newest first; `count` of all, None for too many to count.

    One query, in which the database measures them as `Measured` does one.
    """
    is_completed, has_target = Q(status=ExecutionStatus.COMPLETED), Q(rto_minutes__gt=0)
    target = 60 * F("rto_minutes")
    # Of those that took as many seconds as they might, the fraction of a second decides: rounded down the other way.
    is_just_met = Q(taken=target) & Q(GreaterThanOrEqual(Seconds("ended_at", "created_at"), -target))
    is_met = is_completed & has_target & (Q(taken__lt=target) | is_just_met)
    first = rows[:TOTALLED].values(taken=Seconds("created_at", "ended_at"))
    found = first.aggregate(
        met=Count("status", filter=is_met),
        targets=Count("status", filter=has_target),
        seconds=Listed("taken", filter=is_completed),
        **{status: Count("status", filter=Q(status=status)) for status in TERMINAL},
    )
    return Totals(
        statuses=+Counter({str(status): found[status] for status in TERMINAL}),
        is_complete=count is not None and count <= TOTALLED,
        met=found["met"],
        missed=found["targets"] - found["met"],
        seconds=tuple(found["seconds"] or ()),
    )


def _rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
