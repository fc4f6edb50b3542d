"""Let history go when its time is over: oldest first, in small transactions, each with its evidence.

What AWS may still have something of stays, whatever its age, and so does a recovery for as long as recoveries are kept.
The audit trail is not touched here: what leaves it is closed, exported and anchored first (drsorch.audit.retention).
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from drsorch.audit.actor import SCHEDULE
from drsorch.audit.record import record
from drsorch.config.services import current_settings
from executions.models import Event, Execution, Job, JobEvent, Launch, TerminationCall
from executions.services.delete import delete_execution, settled
from executions.states import Mode

# A task is ended after 60 s; what is left is done by the next one.
SECONDS = 30.0


def apply_retention(seconds: float = SECONDS) -> bool:
    """Delete what is kept no longer, for at most `seconds`; return whether that was all. No AWS."""
    until = time.monotonic() + seconds
    work: tuple[tuple[Callable[[], QuerySet[Any]], Callable[[Any], None]], ...] = (
        (_old_executions, _delete),
        (_old_timelines, _clear_timeline),
        (_old_logs, _clear_log),
    )
    return all(_each(rows, act, until) for rows, act in work)


def _each(rows: Callable[[], QuerySet[Any]], act: Callable[[Any], None], until: float) -> bool:
    """Act on each of `rows` in a transaction of its own, unless it changed meanwhile. False when time ran out."""
    for key in list(rows().values_list("pk", flat=True)):
        if time.monotonic() >= until:
            return False
        with transaction.atomic():
            row = rows().filter(pk=key).select_for_update(of=("self",)).first()
            if row is not None:
                act(row)
    return True


def _over(drills: str, recoveries: str) -> Q:
    """Match executions that have been kept for as long as these settings say."""
    settings = current_settings()
    since: dict[str, datetime] = {Mode.DRILL: settings.kept_since(drills)}
    since[Mode.RECOVERY] = min(settings.kept_since(recoveries), settings.kept_since("recovery_days"))
    return Q(mode=Mode.DRILL, ended_at__lt=since[Mode.DRILL]) | Q(mode=Mode.RECOVERY, ended_at__lt=since[Mode.RECOVERY])


def _old_executions() -> QuerySet[Execution]:
    return settled().filter(_over("drill_days", "recovery_days")).order_by("ended_at")


def _old_timelines() -> QuerySet[Execution]:
    has_events = Exists(Event.objects.filter(execution=OuterRef("pk")))
    return settled().filter(has_events, _over("timeline_days", "timeline_days")).order_by("ended_at")


def _old_logs() -> QuerySet[Job]:
    """Return the jobs whose log may go: of executions whose time is over, and those that no execution knows."""
    over = settled().filter(_over("job_log_days", "job_log_days")).values("pk")
    launches = Launch.objects.filter(job=OuterRef("pk"))
    endings = TerminationCall.objects.filter(job=OuterRef("pk"))
    needed = Exists(launches.exclude(wave__execution__in=over)) | Exists(
        endings.exclude(termination__execution__in=over)
    )
    old = Job.objects.filter(ended_at__lt=current_settings().kept_since("job_log_days"))
    return old.filter(~needed, Exists(JobEvent.objects.filter(job=OuterRef("pk")))).order_by("ended_at")


def _delete(execution: Execution) -> None:
    delete_execution(execution, SCHEDULE)


def _clear_timeline(execution: Execution) -> None:
    lines, _ = Event.objects.filter(execution=execution).delete()
    record(SCHEDULE, "clear_timeline", execution, lines=lines)


def _clear_log(job: Job) -> None:
    lines, _ = JobEvent.objects.filter(job=job).delete()
    record(SCHEDULE, "clear_job_log", job, lines=lines)
