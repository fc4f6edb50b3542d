"""Ask DRS about all live jobs of one account and Region, and EC2 about its instances; write what they say."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from drsorch.audit.actor import ENGINE
from drsorch.aws.budget import budget
from drsorch.aws.errors import AwsError
from drsorch.logs import timed
from drsorch.queue.enqueue import enqueue
from executions import checking, crash, duties, slots, surveying
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
    with timed(logger, "Poll", actor=ENGINE.name, poller=poller.pk, **place) as line, budget():
        heard = _listen(poller)
        crash.point("poll answered")
        line |= {"jobs": len(heard.jobs), "problem": heard.problem}
        left = _record(poller, heard)
        crash.point("poll recorded")
        if left.free_slots:
            slots.wake_waiting(poller.account_id, poller.region, left.free_slots)
        if left.survey:
            # Results do not wait for it. The next poll does, so that nobody else surveys meanwhile.
            surveying.renew(poller)
            crash.point("place surveyed")
            with transaction.atomic():
                _give_back(poller, duties.wait(poller))


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


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to do when a poll is recorded: slots of jobs that have ended, and a survey while the lease lasts."""

    free_slots: int = 0
    survey: bool = False


def _listen(poller: Poller) -> Heard:
    """Ask about jobs, then about instances, which can be asked about without the other."""
    jobs = list(Job.objects.at(poller.account_id, poller.region).unresolved())
    answer, failure = Answer(), None
    try:
        answer = ask(poller.account, poller.region, jobs)
    except AwsError as error:
        failure = error
    return Heard(jobs, answer, failure, checking.look(poller))


def _record(poller: Poller, heard: Heard) -> Left:
    """Write what was heard, wake whom it concerns, and plan the next poll, unless a survey is due before."""
    concerned = heard.executions
    with transaction.atomic():
        # Executions first, then the poller: the order in which the engine takes them, so that nobody waits in a circle.
        lock_executions(concerned)
        mine = Poller.objects.filter(pk=poller.pk, fence=poller.fence)
        if not mine.update(last_error=heard.problem):
            return Left()  # another poller has taken over: it writes what it hears
        checking.write(heard.found)
        if heard.problem != poller.last_error:
            renew_pages(concerned)
        left = _record_failure(poller) if heard.error else _record_answer(poller, heard)
        crash.point("inside the poll record")
    return left


def _record_failure(poller: Poller) -> Left:
    """Ask again later each time."""
    Poller.objects.filter(pk=poller.pk).update(failures=poller.failures + 1)
    limit = settings.ENGINE_BACKOFF_LIMIT_SECONDS
    _give_back(poller, pace.back_off(poller.failures, settings.POLL_FAST_SECONDS, limit))
    return Left()


def _record_answer(poller: Poller, heard: Heard) -> Left:
    Poller.objects.filter(pk=poller.pk).update(failures=0, answered_at=timezone.now())
    left = Left(free_slots=write_results(heard.jobs, heard.answer), survey=surveying.wait(poller) == 0)
    if not left.survey:
        _give_back(poller, duties.wait(poller))
    return left


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
    mine = Poller.objects.select_related("account").defer("survey")
    return mine.filter(pk=poller_id, lease_until=lease).first()


def _give_back(poller: Poller, wait: float | None) -> None:
    next_poll_at = None if wait is None else timezone.now() + timedelta(seconds=wait)
    mine = Poller.objects.filter(pk=poller.pk, fence=poller.fence)
    if mine.update(lease_until=None, next_poll_at=next_poll_at) and wait is not None:
        enqueue("executions.tasks.poll", poller.pk, delay=wait)
