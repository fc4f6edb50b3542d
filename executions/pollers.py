"""Keep DRS jobs, and have somebody ask about them."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from drsorch.aws import drs
from drsorch.queue.enqueue import enqueue
from executions.models import Job, Poller
from executions.models.calls import Call

POLL = "executions.tasks.poll"


def keep_job(call: Call, job: drs.Job) -> Job:
    """Store a DRS job once and have it polled. Call inside a transaction."""
    row, _ = Job.objects.get_or_create(
        account_id=call.account_id,
        region=call.region,
        job_id=job.job_id,
        defaults={
            "type": job.type,
            "status": job.status,
            "initiated_by": job.initiated_by,
            "tags": job.tags,
            "created_at": job.created_at or timezone.now(),
        },
    )
    ask_soon(call.account_id, call.region)
    return row


def ask_soon(account_id: int, region: str) -> None:
    """Make sure that the place's poller asks soon. Call inside a transaction."""
    # Locked, because a poll that ends now may be about to write that nothing is left to ask about.
    locked = Poller.objects.defer("survey").select_for_update()
    poller, _ = locked.get_or_create(account_id=account_id, region=region)
    soon = timezone.now() + timedelta(seconds=settings.POLL_FAST_SECONDS)
    if poller.next_poll_at is None or poller.next_poll_at > soon:
        Poller.objects.filter(pk=poller.pk).update(next_poll_at=soon)
        enqueue(POLL, poller.pk, delay=settings.POLL_FAST_SECONDS, later=True)


def want_survey(account_id: int, region: str, *, insist: bool = False) -> None:
    """Have the place surveyed anew; executions whose waves wait for it are woken. Call in a transaction.

    Soon: see `surveying`. After a failure it waits longer, unless a person asks (`insist`).
    """
    poller, _ = Poller.objects.defer("survey").get_or_create(account_id=account_id, region=region)
    now = timezone.now()
    afresh = {"survey_failed_at": None} if insist else {}
    Poller.objects.filter(pk=poller.pk).update(survey_wanted_at=now, next_poll_at=now, **afresh)
    enqueue(POLL, poller.pk, later=True)
