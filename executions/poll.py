"""Ask DRS about all live jobs of one account and Region, and write what it says."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from drsorch.aws.errors import AwsError
from drsorch.queue.enqueue import enqueue
from executions import crash
from executions.asking import ask
from executions.decisions import pace
from executions.models import Job, Poller
from executions.results import lock_executions, renew_pages, write_results

logger = logging.getLogger(__name__)


def poll(poller_id: int) -> None:
    """Ask once, write once, and plan the next time. A duplicate call costs one query."""
    poller = _claim(poller_id)
    if poller is None:
        return
    jobs = list(Job.objects.at(poller.account_id, poller.region).unresolved())
    try:
        answer = ask(poller.account, poller.region, jobs)
    except AwsError as error:
        _release_failed(poller, jobs, error)
        return
    crash.point("poll answered")
    with transaction.atomic():
        # Executions first, then the poller: the order in which the engine takes them, so that nobody waits in a circle.
        lock_executions(jobs)
        if not Poller.objects.filter(pk=poller.pk, fence=poller.fence).update(answered_at=timezone.now()):
            return  # another poller has taken over: it writes what it hears
        write_results(jobs, answer)
        gaps = " ".join(answer.gaps)
        if gaps != poller.last_error:
            renew_pages(jobs)
        crash.point("inside the poll record")
        _release(poller, gaps)
    crash.point("poll recorded")


def _claim(poller_id: int) -> Poller | None:
    now = timezone.now()
    lease = now + timedelta(seconds=settings.ENGINE_LEASE_SECONDS)
    # A poller that dies is due again when its lease ends.
    if (
        not Poller.objects.due(now)
        .filter(pk=poller_id)
        .update(lease_until=lease, next_poll_at=lease, fence=F("fence") + 1)
    ):
        return None
    crash.point("poll claimed")
    # Frozen since the update for longer than the lease, we would read the fence of whoever took over meanwhile.
    return Poller.objects.select_related("account").filter(pk=poller_id, lease_until=lease).first()


def _release(poller: Poller, last_error: str) -> None:
    """Plan the next poll, or none when no job is left to ask about."""
    left = list(Job.objects.at(poller.account_id, poller.region).unresolved().with_ending())
    wait = None
    if left:
        wait = pace.interval(
            [(job.created_at, job.launching > 0) for job in left],
            timezone.now(),
            fast=settings.POLL_FAST_SECONDS,
            normal=settings.POLL_NORMAL_SECONDS,
            slow=settings.POLL_SLOW_SECONDS,
        )
    _give_back(poller, wait, failures=0, last_error=last_error)


def _release_failed(poller: Poller, jobs: list[Job], error: AwsError) -> None:
    """Keep the failure where people see it, and ask again later each time."""
    logger.warning("Poll failed: %s", error, extra={"poller": str(poller)})
    wait = pace.back_off(poller.failures, settings.POLL_FAST_SECONDS, settings.ENGINE_BACKOFF_LIMIT_SECONDS)
    with transaction.atomic():
        if error.message != poller.last_error:
            lock_executions(jobs)
            renew_pages(jobs)
        _give_back(poller, wait, failures=poller.failures + 1, last_error=error.message)


def _give_back(poller: Poller, wait: float | None, **state: object) -> None:
    next_poll_at: datetime | None = None if wait is None else timezone.now() + timedelta(seconds=wait)
    mine = Poller.objects.filter(pk=poller.pk, fence=poller.fence)
    if mine.update(lease_until=None, next_poll_at=next_poll_at, **state) and wait is not None:
        enqueue("executions.tasks.poll", poller.pk, delay=wait)
