"""What the poller of a place has to do: which places need one, and when each should ask next."""

from django.conf import settings
from django.utils import timezone

from executions import checking, surveying
from executions.decisions import pace
from executions.models import Job, Poller

Place = tuple[int, str]


def places() -> set[Place]:
    """Return the places (account, Region) that have something to ask about."""
    needy = (Job.objects.unresolved(), checking.pending(), checking.watched())
    return surveying.places().union(*(rows.values_list("account_id", "region").distinct() for rows in needy))


def wait(poller: Poller, survey: float | None) -> float | None:
    """Return the seconds until the poller should ask next; None when nothing is left to ask about.

    `survey`: those until its place should be surveyed, None when nobody needs it.
    """
    waits = [wait for wait in (survey, checking.wait(poller)) if wait is not None]
    jobs = list(Job.objects.at(poller.account_id, poller.region).unresolved().with_ending())
    if jobs:
        waits.append(_of_jobs(jobs))
    return min(waits, default=None)


def _of_jobs(jobs: list[Job]) -> float:
    return pace.interval(
        [(job.created_at, 0 < job.launching == job.open) for job in jobs],  # type: ignore[attr-defined]
        timezone.now(),
        fast=settings.POLL_FAST_SECONDS,
        normal=settings.POLL_NORMAL_SECONDS,
        slow=settings.POLL_SLOW_SECONDS,
    )
