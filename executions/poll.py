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
from executions import checking, crash, duties, pollers, slots, surveying
from executions.asking import Answer, ask
from executions.decisions import pace
from executions.models import Job, Poller
from executions.results import Owners, lock_executions, owners_of, renew_pages, write_results
from executions.turn import ring, unless_moved

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
        free_slots = _record(poller, heard)
        crash.point("poll recorded")
        if free_slots is None:
            return
        if free_slots:
            slots.wake_waiting(poller.account_id, poller.region, free_slots)
        _give_back(poller, _back_off(poller) if heard.error else _see_to_survey(poller))


@dataclass(frozen=True, slots=True)
class Heard:
    """What one poll has heard about the jobs, or why it could not, and about instances."""

    jobs: Owners
    answer: Answer
    error: AwsError | None
    found: checking.Findings

    @property
    def problem(self) -> str:
        """What could not be asked, in sentences."""
        if self.error:
            return self.error.message
        return " ".join(filter(None, [*self.answer.gaps, self.found.gap]))

    @property
    def executions(self) -> set[UUID]:
        """Those whom it concerns."""
        return self.found.executions.union(*self.jobs.values())


def _listen(poller: Poller) -> Heard:
    """Ask about jobs, then about instances, which can be asked about without the other."""
    jobs = list(Job.objects.at(poller.account_id, poller.region).unresolved())
    answer, failure = Answer(), None
    try:
        answer = ask(poller.account, poller.region, jobs)
    except AwsError as error:
        failure = error
    return Heard(owners_of(jobs), answer, failure, checking.look(poller))


def _record(poller: Poller, heard: Heard) -> int | None:
    """Write what was heard and wake whom it concerns; return how many slots of jobs became free.

    Or None, when another poller has taken over: it writes what it hears.
    """
    concerned = heard.executions
    with transaction.atomic():
        # Executions first, then the poller: the order in which the engine takes them, so that nobody waits in a circle.
        lock_executions(concerned)
        mine = Poller.objects.filter(pk=poller.pk, fence=poller.fence)
        how = {"failures": poller.failures + 1} if heard.error else {"failures": 0, "answered_at": timezone.now()}
        if not mine.update(last_error=heard.problem, **how):
            return None
        checking.write(heard.found)
        if heard.problem != poller.last_error:
            renew_pages(concerned)
        free_slots = 0 if heard.error else write_results(heard.jobs, heard.answer)
        crash.point("inside the poll record")
    return free_slots


def _back_off(poller: Poller) -> float:
    """Return the seconds until a place that did not answer is asked again: later each time."""
    return pace.back_off(poller.failures, settings.POLL_FAST_SECONDS, settings.ENGINE_BACKOFF_LIMIT_SECONDS)


def _see_to_survey(poller: Poller) -> float | None:
    """Survey the place when it is time, and return the seconds until the next poll.

    Results do not wait for it. The next poll does, so that nobody else surveys meanwhile.
    """
    survey = surveying.wait(poller)
    if survey == 0:
        surveying.renew(poller)
        crash.point("place surveyed")
        survey = surveying.wait(poller)
    return duties.wait(poller, survey)


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
    """End the turn and ring for the next poll; if somebody asked for an earlier one meanwhile, for that."""
    wanted = None if wait is None else timezone.now() + timedelta(seconds=wait)
    with transaction.atomic():
        mine = Poller.objects.filter(pk=poller.pk, fence=poller.fence)
        if mine.update(lease_until=None, next_poll_at=unless_moved("next_poll_at", poller.next_poll_at, wanted)):
            ring(mine.values_list("pk", "next_poll_at"), pollers.POLL, later=True)
