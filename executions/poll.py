"""Ask DRS about all live jobs of one account and Region, and EC2 about its instances; write what they say."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from drsorch.aws.budget import budget
from drsorch.aws.errors import AwsError
from drsorch.logs import timed
from drsorch.queue.enqueue import enqueue
from executions import checking, crash, duties, slots
from executions.asking import Answer, ask
from executions.decisions import pace
from executions.models import Job, Poller
from executions.results import executions_of, lock_executions, renew_pages, write_results

logger = logging.getLogger(__name__)


def poll(poller_id: int) -> None:
    """Ask once, write once, and plan the next time. A duplicate call costs one query."""
    poller = _claim(poller_id)
    if poller is None:
        return
    place = {"account": poller.account.account_id, "region": poller.region}
    with timed(logger, "Poll", poller=poller.pk, **place) as line, budget():
        heard = _listen(poller)
        crash.point("poll answered")
        line |= {"jobs": len(heard.jobs), "problem": heard.problem}
        ended = _record(poller, heard)
        crash.point("poll recorded")
        if ended:
            slots.wake_waiting(poller.account_id, poller.region, ended)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one poll has heard about the jobs, or why it could not, and about instances."""

    jobs: list[Job]
    answer: Answer
    error: AwsError | None
    found: checking.Findings

    @property
    def problem(self) -> str:
        """What could not be asked, in sentences."""
        if self.error:
            return self.error.message
        return " ".join([*self.answer.gaps, *self.found.gaps.values()])

    @property
    def executions(self) -> set[UUID]:
        """Those whom it concerns."""
        return executions_of(self.jobs) | self.found.executions


def _listen(poller: Poller) -> Heard:
    """Ask about jobs, then about instances, which can be asked about without the other."""
    jobs = list(Job.objects.at(poller.account_id, poller.region).unresolved())
    answer, failure = Answer(), None
    try:
        answer = ask(poller.account, poller.region, jobs)
    except AwsError as error:
        failure = error
    return Heard(jobs, answer, failure, checking.look(poller))


def _record(poller: Poller, heard: Heard) -> int:
    """Write what was heard, wake whom it concerns, and plan the next poll; return how many jobs have ended."""
    concerned, ended = heard.executions, 0
    with transaction.atomic():
        # Executions first, then the poller: the order in which the engine takes them, so that nobody waits in a circle.
        lock_executions(concerned)
        mine = Poller.objects.filter(pk=poller.pk, fence=poller.fence)
        if not mine.update(failures=poller.failures + 1 if heard.error else 0, last_error=heard.problem):
            return 0  # another poller has taken over: it writes what it hears
        if heard.error is None:
            mine.update(answered_at=timezone.now())
            ended = write_results(heard.jobs, heard.answer)
        checking.write(heard.found)
        if heard.problem != poller.last_error:
            renew_pages(concerned)
        crash.point("inside the poll record")
        _give_back(poller, _wait(poller, heard.error))
    return ended


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


def _wait(poller: Poller, error: AwsError | None) -> float | None:
    """Return the seconds until the next poll; None when nothing is left to ask about."""
    if error:
        return pace.back_off(poller.failures, settings.POLL_FAST_SECONDS, settings.ENGINE_BACKOFF_LIMIT_SECONDS)
    return duties.wait(poller)


def _give_back(poller: Poller, wait: float | None) -> None:
    next_poll_at = None if wait is None else timezone.now() + timedelta(seconds=wait)
    mine = Poller.objects.filter(pk=poller.pk, fence=poller.fence)
    if mine.update(lease_until=None, next_poll_at=next_poll_at) and wait is not None:
        enqueue("executions.tasks.poll", poller.pk, delay=wait)
