"""Who waits for a free DRS job slot at an account and Region, and in which order they get one."""

from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from executions.models import Launch, TerminationCall
from executions.states import CallStatus, Mode
from executions.turn import wake


def waiting_at(account_id: int, region: str) -> list[UUID]:
    """Return the executions whose calls wait for a slot there: recoveries before drills, then who waits longest."""
    waiting = [
        (mode != Mode.RECOVERY, queued_at, pk, execution)
        for calls, owner in _queued(account_id, region)
        for mode, queued_at, pk, execution in calls.values_list(f"{owner}__mode", "queued_at", "pk", owner)
    ]
    return list(dict.fromkeys(execution for *_, execution in sorted(waiting)))


def wake_waiting(account_id: int, region: str, free: int) -> None:
    """Ring the first `free` of those who wait there, because so many jobs have ended. Call outside a transaction.

    One transaction each: whoever else wakes them, in whatever order, waits in no circle.
    """
    for execution in waiting_at(account_id, region)[:free]:
        with transaction.atomic():
            wake([execution])
            # The wait between two tries is for those to whom nobody says that a slot is free.
            for calls, owner in _queued(account_id, region):
                calls.filter(**{owner: execution}, not_before__gt=timezone.now()).update(not_before=None)


def _queued(account_id: int, region: str) -> list[tuple["models.QuerySet", str]]:
    """Return the calls that wait for a slot there, with the path to their execution."""
    mine = {"account_id": account_id, "region": region, "status": CallStatus.PLANNED, "queued_at__isnull": False}
    return [
        (Launch.objects.filter(**mine), "wave__execution"),
        (TerminationCall.objects.filter(**mine), "termination__execution"),
    ]
