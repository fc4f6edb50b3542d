"""DRS runs so many jobs of an account and Region at once: calls that find no free slot wait in a queue."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Count
from django.utils import timezone

from executions.models import Execution, Launch, Poller, TerminationCall
from executions.models.calls import Call
from executions.states import MAY_HAVE_A_JOB, CallStatus, Mode
from executions.turn import wake
from protection.quotas import Quotas, quotas_of

# Whoever ends a job rings those that wait; this is for jobs of others, of whose end nobody tells us.
LOOK_AGAIN = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Use:
    """So many jobs, and servers in them."""

    jobs: int = 0
    servers: int = 0

    def __add__(self, other: "Use") -> "Use":
        return Use(self.jobs + other.jobs, self.servers + other.servers)

    def fits(self, quotas: Quotas) -> bool:
        """Say whether DRS takes so much at once."""
        return self.jobs <= quotas.jobs and self.servers <= quotas.servers_in_jobs


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A call's place in the queue: recoveries before drills, then who waits longest."""

    is_drill: bool
    queued_at: datetime
    call: str
    execution: UUID
    servers: int


def take(execution: Execution, call: Call, servers: int) -> bool:
    """Say whether `call`, for so many servers, may be sent now; otherwise let it wait in the queue, and say so.

    Call inside the turn's record, right before the intent. Terminations queue with launches.
    """
    # Locked, so that two executions do not take the last slot.
    Poller.objects.select_for_update().get_or_create(account_id=call.account_id, region=call.region)
    quotas, used = quotas_of(call.account_id, call.region), in_use(call.account_id, call.region)
    mine = Place(execution.is_drill, call.queued_at or timezone.now(), call.token, execution.pk, servers)
    ahead = [place for place in _queue(call.account_id, call.region) if place < mine]
    wanted = used + Use(1, servers) + Use(len(ahead), sum(place.servers for place in ahead))
    # What is larger than the quota alone is refused by DRS, and says so; it must not wait for ever.
    if wanted.fits(quotas) or (not ahead and used == Use()):
        if call.queued_at is not None:
            call.queued_at, call.reason = None, ""
            call.save(update_fields=["queued_at", "reason"])
        return True
    is_news = call.queued_at is None
    call.queued_at, call.not_before = mine.queued_at, timezone.now() + LOOK_AGAIN
    call.reason = _why(f"{call.region} of {call.account}", quotas, used, servers, len(ahead))
    call.save(update_fields=["queued_at", "not_before", "reason"])
    if is_news:
        execution.say(call.reason, by="engine", what="call", tone="pending")
    return False


def in_use(account_id: int, region: str) -> Use:
    """Return what our own calls take of an account and Region now, those of an unknown end included."""
    used = Use()
    for calls in (Launch.objects, TerminationCall.objects):
        rows = calls.filter(account_id=account_id, region=region, status__in=MAY_HAVE_A_JOB, job__ended_at=None)
        for count in rows.annotate(count=Count("servers")).values_list("count", flat=True):
            used += Use(1, count)
    return used


def waiting_at(account_id: int, region: str) -> list[UUID]:
    """Return the executions whose calls wait for a slot there, in the order in which they get one."""
    return list(dict.fromkeys(place.execution for place in _queue(account_id, region)))


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


def _why(where: str, quotas: Quotas, used: Use, servers: int, ahead: int) -> str:
    if used.jobs + 1 > quotas.jobs or used.servers + servers <= quotas.servers_in_jobs:
        reason = f"Waiting for a free DRS job slot in {where}: {used.jobs} of {quotas.jobs} in use."
    else:
        reason = (
            f"Waiting for room in the DRS jobs of {where}: {used.servers} of {quotas.servers_in_jobs} servers are in "
            f"jobs, {servers} more are wanted."
        )
    return f"{reason} {ahead} {'call is' if ahead == 1 else 'calls are'} ahead in the queue." if ahead else reason


def _queue(account_id: int, region: str) -> list[Place]:
    return sorted(_places(account_id, region))


def _places(account_id: int, region: str) -> Iterator[Place]:
    for calls, owner in _queued(account_id, region):
        rows = calls.annotate(count=Count("servers")).values_list(
            f"{owner}__mode", "queued_at", "token", owner, "count"
        )
        for mode, queued_at, token, execution, count in rows:
            yield Place(mode != Mode.RECOVERY, queued_at, token, execution, count)


def _queued(account_id: int, region: str) -> list[tuple["models.QuerySet[Any]", str]]:
    """Return the calls that wait for a slot there, with the path to their execution."""
    mine = {"account_id": account_id, "region": region, "status": CallStatus.PLANNED, "queued_at__isnull": False}
    return [
        (Launch.objects.filter(**mine), "wave__execution"),
        (TerminationCall.objects.filter(**mine), "termination__execution"),
    ]
