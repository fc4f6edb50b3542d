"""Find all work from the database: overdue ticks and polls, dead leases, places that nobody asks about."""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from executions import duties, pollers
from executions.models import Execution, Poller
from executions.turn import TICK, ring

# What was just enqueued needs a moment; and a queue that is blocked is not flooded by ringing at every sweep.
OVERDUE = timedelta(seconds=1)
RING_AGAIN = timedelta(seconds=10)


def sweep() -> int:
    """Ring for what is overdue and return how much it was. The tick and the poll themselves decide whether to run."""
    now = timezone.now()
    rung = _ring(Execution.objects.due(now - OVERDUE), TICK, now)
    rung += _ring(Poller.objects.due(now - OVERDUE), pollers.POLL, now, later=True)
    for account_id, region in _forgotten():
        with transaction.atomic():
            pollers.ask_soon(account_id, region)
        rung += 1
    return rung


def _ring(due: models.QuerySet, task: str, now: datetime, *, later: bool = False) -> int:
    """Ring for each row on its own, and only if nobody else has: sweeps run side by side, and rows may be locked."""
    silent = due.filter(Q(rung_at=None) | Q(rung_at__lt=now - RING_AGAIN))
    rung = 0
    for key in list(silent.values_list("pk", flat=True)):
        with transaction.atomic():
            if silent.filter(pk=key).update(rung_at=now):
                ring([(key, now)], task, later=later)
                rung += 1
    return rung


def _forgotten() -> set[duties.Place]:
    """Return the places that have something to ask about, and no poller that will."""
    return duties.places() - set(Poller.objects.exclude(next_poll_at=None).values_list("account_id", "region"))
