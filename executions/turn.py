"""One worker's turn at one execution: taken by a conditional UPDATE, guarded by a fence, given back in the end."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from drsorch.queue.enqueue import enqueue
from executions import crash
from executions.models import Execution

TICK = "executions.tasks.tick"
PROBLEM = "problem"
ADVICE = "It tries again in a minute. The worker's log says what happened."
SAY_AGAIN = timedelta(hours=1)


class Stale(Exception):
    """The lease was lost to another worker: this one may change nothing any more."""


class Turn:
    """The right to act on one execution until the lease ends. Every record renews the lease."""

    def __init__(self, execution: Execution, due_again_at: datetime) -> None:
        self.execution = execution
        self.fence = execution.fence
        self.due_again_at = due_again_at
        self.began_at = timezone.now()
        self.is_overtaken = False

    @contextmanager
    def record(self) -> Iterator[Execution]:
        """One short transaction that writes only while the fence is ours. Raises Stale, and then changes nothing.

        Inside it `is_overtaken` tells whether somebody has changed and so woken the execution since it was last read:
        what is decided is read in several queries, and people may answer between two of them.
        """
        with transaction.atomic():
            known = self.execution.next_tick_at
            lease = timezone.now() + timedelta(seconds=settings.ENGINE_LEASE_SECONDS)
            if not Execution.objects.filter(pk=self.execution.pk, fence=self.fence).update(lease_until=lease):
                raise Stale(f"{self.execution} was taken over by another worker.")
            self.execution.refresh_from_db()
            self.is_overtaken = self.execution.next_tick_at != known
            yield self.execution
            crash.point("inside the record")
        crash.point("record committed")

    def release(self, until: datetime | None) -> None:
        """Give the execution back, to be looked at again at `until`; a wake-up that came meanwhile is kept."""
        crash.point("before release")
        with transaction.atomic():
            mine = Execution.objects.filter(pk=self.execution.pk, fence=self.fence)
            if mine.update(lease_until=None, next_tick_at=unless_moved("next_tick_at", self.due_again_at, until)):
                ring(mine.values_list("pk", "next_tick_at"))

    def complain(self, error: Exception) -> None:
        """Let the timeline say, once an hour, that a problem nobody foresaw holds the execution up.

        The lease is kept, so that it is tried again when the lease ends and not in a hot loop.
        """
        sentence = f"The engine met an unforeseen problem ({type(error).__name__}). {ADVICE}"
        with self.record() as execution:
            lately = execution.events.filter(what=PROBLEM, sentence=sentence, at__gt=timezone.now() - SAY_AGAIN)
            if not lately.exists():
                execution.say(sentence, by="engine", what=PROBLEM, tone="error")

    @property
    def seconds(self) -> float:
        """How long the turn has lasted."""
        return (timezone.now() - self.began_at).total_seconds()


def claim(execution_id: UUID | str) -> Turn | None:
    """Take the execution when it is due and free: one UPDATE. None: somebody else has it, or there is nothing to do."""
    now = timezone.now()
    lease = now + timedelta(seconds=settings.ENGINE_LEASE_SECONDS)
    # A worker that dies leaves the execution due again when its lease ends.
    taken = Execution.objects.due(now).filter(pk=execution_id)
    if not taken.update(lease_until=lease, next_tick_at=lease, fence=F("fence") + 1):
        return None
    # Frozen since the update for longer than the lease, we would read the fence of whoever took over meanwhile.
    # The plan as it was can be large and decides nothing: it is not read at every record.
    execution = Execution.objects.defer("snapshot").filter(pk=execution_id, lease_until=lease).first()
    crash.point("tick claimed")
    return Turn(execution, lease) if execution else None


def wake(execution_ids: Iterable[UUID]) -> None:
    """Make the executions due now and ring the engine. Call inside the transaction of the change they should see."""
    ids = list(execution_ids)
    Execution.objects.filter(pk__in=ids).update(next_tick_at=timezone.now())
    for execution_id in ids:
        enqueue(TICK, str(execution_id))


def unless_moved(name: str, since: datetime | None, wanted: datetime | None) -> Case:
    """Return `wanted` for the field `name`, or what somebody has set it to who found it at `since`: an earlier time."""
    return Case(When(**{name: since}, then=Value(wanted, output_field=models.DateTimeField())), default=F(name))


def ring(due: Iterable[tuple[Any, datetime | None]], task: str = TICK, *, later: bool = False) -> None:
    """Ask for a tick of each execution, or another `task` of each key, when it is due. Call inside a transaction."""
    now = timezone.now()
    for key, at in due:
        if at is not None:
            argument = key if isinstance(key, int) else str(key)
            enqueue(task, argument, delay=max(0.0, (at - now).total_seconds()), later=later)
