"""Write what a poll has heard: jobs, their logs, servers; and wake the executions that it concerns."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from drsorch.aws import drs
from executions.asking import Answer
from executions.decisions import server as decisions
from executions.models import Execution, Job, JobEvent, Launch, ServerRun, TerminationCall
from executions.states import OPEN_SERVER, CallStatus, CheckResult, LaunchStatus, Step
from executions.turn import wake
from plans.models import Checks

# Jobs, each with the executions whose job it is.
Owners = dict[Job, set[UUID]]
# DRS shows a new job late, but not that late. One that it shows no more cannot be waited for.
MISSING_AFTER = timedelta(hours=1)
GONE = "GONE"
NO_REASON = "DRS could not launch this server and gave no reason. Look at the job's log."
SERVER_FIELDS = (
    "launch_status",
    "step",
    "error",
    "recovery_instance_id",
    "private_ip",
    "instance_type",
    "launched_at",
    "ended_at",
    "check_result",
)


def lock_executions(ids: set[UUID]) -> None:
    """Hold these executions against the engine until the transaction ends, in a fixed order."""
    list(Execution.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def renew_pages(ids: set[UUID]) -> None:
    """Let open pages of these executions load anew. Call with the executions locked."""
    Execution.objects.filter(pk__in=ids).update(version=F("version") + 1)


def write_results(owners: Owners, answer: Answer) -> int:
    """Write an answer about the jobs of `owners` and return how many have just ended.

    Call inside the poller's transaction, with the executions locked.
    """
    jobs = list(owners)
    ended = _write_jobs([job for job in jobs if job.job_id in answer.jobs], answer)
    log = list(JobEvent.objects.filter(job__in=jobs))
    news = [job for job in jobs if job.job_id in answer.logs and _write_log(job, answer.logs[job.job_id], log)]
    ended += [job for job in jobs if job.job_id not in answer.jobs and _is_gone(job, owners[job])]
    changed, decided = _write_servers(jobs, answer, log)
    decided |= _executions(owners, [*ended, *_out_of_grace(jobs)])
    changed |= decided | _executions(owners, news)
    renew_pages(changed)
    wake(decided)
    return len(ended)


def _executions(owners: Owners, jobs: Iterable[Job]) -> set[UUID]:
    return set[UUID]().union(*(owners[job] for job in jobs))


def _out_of_grace(jobs: list[Job]) -> list[Job]:
    """Jobs that ended so long ago that servers without an end count as failed: now that DRS was asked once more."""
    grace_began = timezone.now() - timedelta(seconds=settings.ENGINE_GRACE_SECONDS)
    return list(
        Job.objects.filter(
            pk__in=[job.pk for job in jobs if job.ended_at is not None and job.ended_at <= grace_began],
            launch__servers__launch_status__in=OPEN_SERVER,
        ).distinct()
    )


def _write_jobs(jobs: list[Job], answer: Answer) -> list[Job]:
    """Store the jobs' statuses; return those that have just ended.

    `ended_at` is when we saw it: DRS's clock is not ours.
    """
    now = timezone.now()
    ended = [job for job in jobs if answer.jobs[job.job_id].status == "COMPLETED" and job.ended_at is None]
    read = [job for job in jobs if job.job_id in answer.logs]
    for job in jobs:
        job.status, job.polled_at = answer.jobs[job.job_id].status, now
    for job in ended:
        job.ended_at = now
    for job in read:
        job.log_read_at = now
    # Each field only where something was heard: the engine may have ended a job since it was read for the question.
    _save(jobs, ("status", "polled_at"))
    _save(ended, ("ended_at",))
    _save(read, ("log_read_at",))
    return ended


def _save(rows: Iterable[models.Model], fields: Sequence[str]) -> None:
    """Write these fields of the rows: one query for all with the same values, as the servers of a wave often have."""
    alike: dict[tuple[Any, ...], list[models.Model]] = defaultdict(list)
    for row in rows:
        alike[tuple(getattr(row, name) for name in fields)].append(row)
    for values, same in alike.items():
        mine = type(same[0])._default_manager.filter(pk__in=[row.pk for row in same])
        mine.update(**dict(zip(fields, values, strict=True)))


def _is_gone(job: Job, executions: set[UUID]) -> bool:
    """End a job that DRS has not shown for long, somebody may have deleted it; True when that was just now."""
    now = timezone.now()
    if job.ended_at is not None:
        # DRS was asked, and has nothing more to say about it.
        Job.objects.filter(pk=job.pk).update(polled_at=now)
        return False
    if now - (job.polled_at or job.created_at) < MISSING_AFTER:
        return False
    job.status, job.ended_at, job.log_read_at = GONE, now, now
    job.save(update_fields=["status", "ended_at", "log_read_at"])
    for execution in Execution.objects.filter(pk__in=executions):
        execution.say(f"DRS no longer shows job {job}. It is taken for ended.", by="engine", what="job", tone="error")
    return True


def _write_log(job: Job, items: list[drs.JobLogItem], log: list[JobEvent]) -> bool:
    """Store the lines that are new, each once, and add them to `log`, what is stored of all jobs; True for any."""
    known = {line.digest for line in log if line.job_id == job.pk}
    new = [
        JobEvent(
            job=job,
            at=item.logged_at,
            event=item.event,
            source_server_id=item.source_server_id,
            raw_error=item.raw_error,
            digest=digest,
        )
        for digest, item in {item.digest: item for item in items}.items()
        if digest not in known
    ]
    JobEvent.objects.bulk_create(new, ignore_conflicts=True)
    log += new
    return bool(new)


def _write_servers(jobs: list[Job], answer: Answer, log: list[JobEvent]) -> tuple[set[UUID], set[UUID]]:
    """Bring open server runs up to date; return the executions that changed, and those with something to decide."""
    reported = {
        (job.pk, server.source_server_id): server.launch_status
        for job in jobs
        if job.job_id in answer.jobs
        for server in answer.jobs[job.job_id].servers
    }
    events, errors = _by_server(log)
    changed: set[UUID] = set()
    decided: set[UUID] = set()
    altered = []
    for row in _followed(jobs, [server for (_, server), status in reported.items() if status == LaunchStatus.FAILED]):
        before = _shown(row)
        key = (row.job_pk, row.source_server_id)
        if row.launch_status != LaunchStatus.FAILED:
            _apply(row, reported.get(key, ""), answer, events[row.job_pk, ""] + events[key])
        if row.launch_status == LaunchStatus.FAILED:
            row.error = errors.get(key, NO_REASON)
        if _shown(row) != before:
            altered.append(row)
            changed.add(row.wave.execution_id)
        if row.launch_status != before[0]:
            decided.add(row.wave.execution_id)
    _save(altered, SERVER_FIELDS)
    return changed, decided


def _shown(row: ServerRun) -> tuple[str, ...]:
    """What people see of a server run, its status first."""
    return row.launch_status, row.step, row.error, row.recovery_instance_id


def _followed(jobs: list[Job], failed: list[str]) -> QuerySet[Any]:
    """Return the server runs about which these jobs may have news: each with the job of its last launch.

    They are open; or launched, and DRS has failed them after all; or failed for a reason that was not known. A launch
    that is done was judged: what its job still says is no longer about servers that are launched anew.
    """
    news = Q(launch_status__in=OPEN_SERVER) | Q(launch_status=LaunchStatus.LAUNCHED, source_server_id__in=failed)
    told_late = Q(launch_status=LaunchStatus.FAILED, error=NO_REASON)
    last = Launch.servers.through.objects.filter(serverrun=OuterRef("pk")).order_by("-launch")
    rows = ServerRun.objects.select_for_update(of=("self",)).filter(
        told_late | (news & Q(launches__status=CallStatus.SENT)),
        launches__job__in=jobs,
        launches=Subquery(last.values("launch")[:1]),
    )
    return rows.select_related("wave").annotate(job_pk=F("launches__job"), job_name=F("launches__job__job_id"))


def _apply(row: Any, reported: str, answer: Answer, events: list[str]) -> None:
    """Set the fields of one server run, with the name of its job, from what was heard about it."""
    instance = answer.instances.get((row.job_name, row.source_server_id))
    row.launch_status = decisions.status(row.launch_status, reported, has_instance=instance is not None)
    row.step = decisions.step(events, row.step)
    if instance is not None:
        # Kept as soon as it is known: whatever becomes of the server, its instance must not be forgotten.
        row.recovery_instance_id = instance.recovery_instance_id
        machine = answer.machines.get(instance.ec2_instance_id)
        row.private_ip = machine.private_ip if machine else ""
        row.instance_type = machine.instance_type if machine else ""
    if row.launch_status in OPEN_SERVER and reported:
        row.error = decisions.UNSEEN if reported == LaunchStatus.LAUNCHED else ""
    if row.launch_status == LaunchStatus.LAUNCHED:
        row.error = ""
        row.step, row.launched_at = Step.READY, timezone.now()
        row.ended_at = row.launched_at
        if row.wave.checks != Checks.NONE:
            row.check_result = CheckResult.PENDING
    elif row.launch_status == LaunchStatus.FAILED:
        row.launched_at, row.ended_at, row.check_result = None, timezone.now(), CheckResult.NONE


def _by_server(log: list[JobEvent]) -> tuple[dict[tuple[int, str], list[str]], dict[tuple[int, str], str]]:
    """Return, by job and server, the events of the logs, and the last raw error."""
    events: dict[tuple[int, str], list[str]] = defaultdict(list)
    errors: dict[tuple[int, str], str] = {}
    for line in sorted(log, key=lambda line: line.at or datetime.min.replace(tzinfo=UTC)):
        key = line.job_id, line.source_server_id
        events[key].append(line.event)
        if line.raw_error:
            errors[key] = f"{line.event}: {line.raw_error}"
    return events, errors


def owners_of(jobs: Sequence[Job]) -> Owners:
    """Return the executions whose launches or terminations these jobs are, by job. A query for each type of job."""
    terminations = [job for job in jobs if job.type == "TERMINATE"]
    launches = [job for job in jobs if job not in terminations]
    launched = Launch.objects.filter(job__in=launches).values_list("job", "wave__execution")
    terminated = TerminationCall.objects.filter(job__in=terminations).values_list("job", "termination__execution")
    found: dict[Any, set[UUID]] = defaultdict(set)
    for job_pk, execution in [*launched, *terminated]:
        found[job_pk].add(execution)
    return {job: found[job.pk] for job in jobs}
