"""Keep the survey of a place fresh while waves wait to start there, and wake those who wait for it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from drsorch.aws.errors import AwsError
from executions import survey
from executions.models import Poller, ServerRun, WaveRun
from executions.states import ACTIVE, UNSTARTED_WAVE, ExecutionStatus
from executions.turn import wake

# One that nobody got within so long is wanted no more, unless a wave still waits to start there.
WANTED_FOR = timedelta(hours=1)
GOING_ON = ACTIVE - {ExecutionStatus.PAUSED}


def places() -> set[tuple[int, str]]:
    """Return the places (account, Region) that need a survey: waves are to start there, or somebody asked for one."""
    now = timezone.now()
    fresh = Poller.objects.filter(surveyed_at__gt=now - timedelta(seconds=settings.SURVEY_SECONDS))
    wanted = Poller.objects.filter(survey_wanted_at__gt=now - WANTED_FOR)
    old = _places_of(_unstarted()) - _places_of(fresh)
    return old | _places_of(wanted)


def _places_of(rows: QuerySet) -> set[tuple[int, str]]:
    return set(rows.values_list("account_id", "region").distinct())


def wait(poller: Poller) -> float | None:
    """Return the seconds until the place should be surveyed, 0 when it should be now; None when nobody needs it."""
    poller = Poller.objects.defer("survey").get(pk=poller.pk)
    due_at = _due_at(poller, timezone.now())
    return None if due_at is None else max(0.0, (due_at - timezone.now()).total_seconds())


def renew(poller: Poller) -> None:
    """Survey the poller's place and wake the executions that wait for it. Call outside a transaction.

    Raises nothing: a failure is kept with its time, and tried again later each time.
    """
    try:
        seen = survey.take(poller.account, poller.region)
    except AwsError as error:
        place = poller.account_id, poller.region
        survey.store_failure(*place, error, failed_at=timezone.now(), fence=poller.fence)
        return
    survey.store(poller.account_id, poller.region, seen)
    mine = _unstarted().filter(account_id=poller.account_id, region=poller.region)
    waves = WaveRun.objects.filter(pk__in=mine.values("wave"), look_again_at__isnull=False)
    for execution in sorted(set(waves.values_list("execution", flat=True))):
        with transaction.atomic():  # one each, so that nobody waits in a circle
            wake([execution])
            waves.filter(execution=execution).update(look_again_at=timezone.now())


def _unstarted() -> "QuerySet[ServerRun]":
    """Return the servers whose wave is yet to start, of executions that no person holds."""
    return ServerRun.objects.filter(wave__status__in=UNSTARTED_WAVE, wave__execution__status__in=GOING_ON)


def _due_at(poller: Poller, now: datetime) -> datetime | None:
    """Return when the next survey is due: when the last one is old, three times as soon when a newer one is wanted.

    At once when there was none. Whoever waits for a job of somebody else wants another one after each.
    """
    last, wanted = poller.surveyed_at, poller.survey_wanted_at
    is_needed = _unstarted().filter(account_id=poller.account_id, region=poller.region).exists()
    if not is_needed and (wanted is None or wanted < now - WANTED_FOR):
        return None
    age = settings.SURVEY_SECONDS / (3 if last and wanted and wanted > last else 1)
    due_at = now if last is None else last + timedelta(seconds=age)
    failed_at = poller.survey_failed_at
    return due_at if failed_at is None else max(due_at, failed_at + _pause(last, failed_at))


def _pause(last: datetime | None, failed_at: datetime) -> timedelta:
    """Return how long to wait after a failure: half as long as it has failed already, within limits."""
    failing = (failed_at - last).total_seconds() if last else settings.SURVEY_SECONDS
    shortest, longest = settings.ENGINE_BACKOFF_SECONDS, settings.ENGINE_BACKOFF_LIMIT_SECONDS
    return timedelta(seconds=min(longest, max(shortest, failing / 2)))
