"""Is it true that nothing was launched twice, got stuck or was lost? The endpoint's own books against the database."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from executions.models import Execution, Job, Launch, ServerRun
from executions.states import ACTIVE, CallStatus, LaunchStatus, WaveStatus
from plans.models import RecoveryPlan
from protection.models import ServerHold

EXECUTION_TAG, WAVE_TAG, TOKEN_TAG = "drsorch:execution", "drsorch:wave", "drsorch:launch"
JUDGED = {WaveStatus.COMPLETED, WaveStatus.PARTIAL, WaveStatus.FAILED}
COUNTED = re.compile(r"\d+ of \d+ servers launched\.$")


@dataclass
class Verdict:
    """What was found wrong, each as a sentence."""

    duplicates: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """True when nothing is wrong."""
        return not (self.duplicates or self.stuck or self.lost)


def judge(truth: list[dict[str, Any]]) -> Verdict:
    """Compare the jobs that the endpoint had (`truth`) with the database, after everything has ended."""
    launches = [job for job in truth if job["type"] == "LAUNCH"]
    return Verdict(
        duplicates=list(_launched_twice(launches)),
        stuck=list(_stuck()),
        lost=[*_lost_jobs(truth), *_lost_calls(truth), *_mistaken(launches), *_lost_events()],
    )


def _launched_twice(launches: list[dict[str, Any]]) -> Iterator[str]:
    jobs: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for job in launches:
        for server in job["servers"]:
            jobs[job["tags"].get(EXECUTION_TAG, ""), job["tags"].get(WAVE_TAG, ""), server].append(job["jobID"])
    for (execution, wave, server), ids in jobs.items():
        if len(ids) > 1:
            yield f"Execution {execution}, wave {wave}: server {server} is in jobs {', '.join(ids)}."


def _stuck() -> Iterator[str]:
    for execution in Execution.objects.filter(status__in=ACTIVE):
        yield f"Execution {execution.pk} is still {execution.status}: {execution.status_reason}"
    for execution in Execution.objects.filter(termination__done_at=None, termination__isnull=False):
        yield f"The termination of execution {execution.pk} is not done."
    for hold in ServerHold.objects.select_related("server"):
        yield f"{hold.server} is still held by {hold.label}."
    for plan in RecoveryPlan.objects.exclude(active_execution=None):
        yield f"{plan} still names {plan.active_execution} as its active execution."


def _lost_jobs(truth: list[dict[str, Any]]) -> Iterator[str]:
    rows = set(Job.objects.values_list("account__account_id", "region", "job_id"))
    tokens = set(Launch.objects.values_list("token", flat=True))
    for job in truth:
        if (job["account"], job["region"], job["jobID"]) not in rows:
            yield f"The endpoint has job {job['jobID']} ({job['type']}), and we have no row for it."
        if job["type"] == "LAUNCH" and job["tags"].get(TOKEN_TAG) not in tokens:
            yield f"Job {job['jobID']} carries a token that no launch has."


def _lost_calls(truth: list[dict[str, Any]]) -> Iterator[str]:
    real = {(job["account"], job["region"], job["jobID"]) for job in truth}
    sent = Launch.objects.filter(status__in=[CallStatus.SENT, CallStatus.DONE]).select_related("job", "account")
    for call in sent:
        if call.job is None or (call.account.account_id, call.region, call.job.job_id) not in real:
            yield f"{call} is {call.status}, but the endpoint has no job of it."
    for call in Launch.objects.filter(status__in=[CallStatus.PLANNED, CallStatus.INTENT]):
        yield f"{call} is still {call.status} although its execution has ended."


def _mistaken(launches: list[dict[str, Any]]) -> Iterator[str]:
    """A server that AWS launched must not be shown as anything else, nor the other way round."""
    believed = {
        (str(execution), str(wave), server): status
        for execution, wave, server, status in ServerRun.objects.values_list(
            "wave__execution_id", "wave__number", "source_server_id", "launch_status"
        )
    }
    launched = {LaunchStatus.LAUNCHED, LaunchStatus.TERMINATED}
    for job in launches:
        for server, status in job["servers"].items():
            shown = believed.get((job["tags"].get(EXECUTION_TAG, ""), job["tags"].get(WAVE_TAG, ""), server))
            if (status in launched) != (shown in launched):
                yield f"Job {job['jobID']}: AWS calls server {server} {status}, and we show {shown}."


def _lost_events() -> Iterator[str]:
    """Every execution tells its story once: started, each wave, each job, the end."""
    for execution in Execution.objects.prefetch_related("events", "waves", "waves__launches__job"):
        told = Counter((event.what, event.sentence) for event in execution.events.all())
        kinds = Counter(event.what for event in execution.events.all())
        for kind in ("started", *(() if execution.is_active else (execution.status,))):
            if kinds[kind] != 1:
                yield f"Execution {execution.pk}: {kinds[kind]} events {kind!r} instead of one."
        for sentence, number in _expected(execution, told):
            if number != 1:
                yield f"Execution {execution.pk}: {number} events instead of one for {sentence}."


def _expected(execution: Execution, told: Counter[tuple[str, str]]) -> Iterator[tuple[str, int]]:
    sentences = [sentence for (_, sentence), number in told.items() for _ in range(number)]
    for wave in execution.waves.all():
        name = f"Wave {wave.number}, {wave.name}"
        if wave.started_at:
            yield f"the start of {wave}", sum(line.startswith(f"{name}, started") for line in sentences)
        if wave.status in JUDGED:
            yield (
                f"the end of {wave}",
                sum(line.startswith(f"{name}: ") and bool(COUNTED.search(line)) for line in sentences),
            )
        for call in wave.launches.all():
            if call.job:
                yield f"job {call.job}", sum(line.startswith(f"DRS job {call.job.job_id} ") for line in sentences)
    if execution.instances_terminated:
        yield "the end of the termination", sum("All recovery instances" in line for line in sentences)
