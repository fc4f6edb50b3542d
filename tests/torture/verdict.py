"""Is it true that nothing was launched twice, got stuck or was lost? The endpoint's own books against the database."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from drsorch.aws import calls, drs, sessions
from executions.decisions.readiness import GONE
from executions.models import Execution, Gate, Job, Launch, ServerRun, TerminationCall
from executions.states import ACTIVE, Answer, CallStatus, ExecutionStatus, LaunchStatus
from plans.models import RecoveryPlan
from protection.models import AccountRegion, ServerHold
from tests.torture import witness

EXECUTION_TAG, WAVE_TAG, TOKEN_TAG = "drsorch:execution", "drsorch:wave", "drsorch:launch"
LAUNCHED = {LaunchStatus.LAUNCHED, LaunchStatus.TERMINATED}
# One execution, wave and server.
Run = tuple[str, str, str]


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
    """Compare the jobs that the endpoint had (`truth`, oldest first) with the database, after everything has ended.

    A launch without our tags was started by another operator and is none of our business.
    """
    ours = [job for job in truth if job["type"] != "LAUNCH" or TOKEN_TAG in job["tags"]]
    launches = [job for job in ours if job["type"] == "LAUNCH"]
    return Verdict(
        duplicates=[*_two_jobs_for_one_call(launches), *_launched_too_often(launches)],
        stuck=list(_stuck()),
        lost=[*_lost_jobs(ours), *_lost_calls(truth), *_mistaken(truth, launches), *_lost_statuses(), *_lost_events()],
    )


def _run(job: dict[str, Any], server: str) -> Run:
    return job["tags"].get(EXECUTION_TAG, ""), job["tags"].get(WAVE_TAG, ""), server


def _two_jobs_for_one_call(launches: list[dict[str, Any]]) -> Iterator[str]:
    tokens: dict[str, list[str]] = defaultdict(list)
    for job in launches:
        tokens[job["tags"][TOKEN_TAG]].append(job["jobID"])
    for token, jobs in tokens.items():
        if len(jobs) > 1:
            yield f"The call {token} has made the jobs {', '.join(jobs)}."


def _launched_too_often(launches: list[dict[str, Any]]) -> Iterator[str]:
    """A server may be in one launch job, and in one more for each time that people asked to try it again."""
    jobs: dict[Run, list[str]] = defaultdict(list)
    for job in launches:
        for server in job["servers"]:
            jobs[_run(job, server)].append(job["jobID"])
    retries = Counter(
        (str(execution), str(wave))
        for execution, wave in Gate.objects.filter(answer=Answer.RETRY).values_list(
            "wave__execution_id", "wave__number"
        )
    )
    for (execution, wave, server), ids in jobs.items():
        allowed = 1 + retries[execution, wave]
        if len(ids) > allowed:
            yield (
                f"Execution {execution}, wave {wave}: server {server} is in jobs {', '.join(ids)}: "
                f"{len(ids)} instead of {allowed}."
            )


def _stuck() -> Iterator[str]:
    for execution in Execution.objects.filter(status__in=ACTIVE):
        yield f"Execution {execution.pk} is still {execution.status}: {execution.status_reason}"
    for execution in Execution.objects.filter(termination__done_at=None, termination__isnull=False):
        yield f"The termination of execution {execution.pk} is not done: {execution.termination.reason}"
    for hold in ServerHold.objects.select_related("server"):
        yield f"{hold.server} is still held by {hold.label}."
    for plan in RecoveryPlan.objects.exclude(active_execution=None):
        yield f"{plan} still names {plan.active_execution} as its active execution."


def _lost_jobs(ours: list[dict[str, Any]]) -> Iterator[str]:
    rows = set(Job.objects.values_list("account__account_id", "region", "job_id"))
    tokens = set(Launch.objects.values_list("token", flat=True))
    given_up = set(Launch.objects.filter(status=CallStatus.LOST).values_list("token", flat=True))
    for job in ours:
        is_known = (job["account"], job["region"], job["jobID"]) in rows
        if not is_known and job["tags"].get(TOKEN_TAG) not in given_up:  # of those people know that they may exist
            yield f"The endpoint has job {job['jobID']} ({job['type']}), and we have no row for it."
        if job["type"] == "LAUNCH" and job["tags"][TOKEN_TAG] not in tokens:
            yield f"Job {job['jobID']} carries a token that no launch has."


def _lost_calls(truth: list[dict[str, Any]]) -> Iterator[str]:
    real = {(job["account"], job["region"], job["jobID"]) for job in truth}
    for call in Launch.objects.filter(status__in=[CallStatus.SENT, CallStatus.DONE]).select_related("job", "account"):
        if call.job is None or (call.account.account_id, call.region, call.job.job_id) not in real:
            yield f"{call} is {call.status}, but the endpoint has no job of it."
    for made in (Launch.objects, TerminationCall.objects):
        for call in made.filter(status__in=[CallStatus.PLANNED, CallStatus.INTENT]):
            yield f"{call} is still {call.status} although its execution has ended."


def _mistaken(truth: list[dict[str, Any]], launches: list[dict[str, Any]]) -> Iterator[str]:
    """A server that AWS launched must not be shown as anything else, nor the other way round; its last job counts.

    Unless a person said so: whoever cannot ask DRS may count a server as failed. And unless it says that AWS launched
    the server, and a later launch has replaced its instance before we saw it.
    """
    given_up = set(Gate.objects.filter(answer=Answer.GIVE_UP).values_list("wave_id", flat=True))
    shown = {
        (str(run.wave.execution_id), str(run.wave.number), run.source_server_id): run
        for run in ServerRun.objects.select_related("wave")
    }
    latest = {server: job["jobID"] for job in truth if job["type"] == "LAUNCH" for server in job["servers"]}
    ours = {_run(job, server): (job["jobID"], status) for job in launches for server, status in job["servers"].items()}
    for run, (job_id, status) in ours.items():
        row = shown.get(run)
        believed, error, wave = (row.launch_status, row.error, row.wave_id) if row else ("nothing", "", None)
        is_replaced = error.startswith(f"DRS launched it in job {job_id}") and latest[run[2]] != job_id
        if (status in LAUNCHED) != (believed in LAUNCHED or is_replaced) and wave not in given_up:
            yield f"Job {job_id}: AWS calls server {run[2]} {status}, and we show {believed}."


def _lost_statuses() -> Iterator[str]:
    """The timeline has every status that the database saw, each once, in the same order."""
    seen = witness.statuses()
    for execution in Execution.objects.prefetch_related("events"):
        told = [event.what for event in execution.events.all() if event.what in ExecutionStatus]
        if told != seen[execution.pk.hex]:
            yield f"Execution {execution.pk} had the statuses {seen[execution.pk.hex]}, and its timeline says {told}."


def _lost_events() -> Iterator[str]:
    """Every execution tells once that it was started, that a job was, and that its instances are gone."""
    for execution in Execution.objects.prefetch_related("events", "waves__launches__job"):
        lines = [event.sentence for event in execution.events.all()]
        expected = {"its start": sum(event.what == "started" for event in execution.events.all())}
        for wave in execution.waves.all():
            for call in wave.launches.all():
                if call.job:
                    expected[f"job {call.job}"] = sum(line.startswith(f"DRS job {call.job.job_id} ") for line in lines)
        if execution.instances_terminated:
            expected["the end of the termination"] = sum("All recovery instances" in line for line in lines)
        for what, number in expected.items():
            if number != 1:
                yield f"Execution {execution.pk}: {number} events instead of one for {what}."


def instances_left() -> Iterator[str]:
    """Yield recovery instances that DRS still shows of jobs of ours: every execution was terminated. Asks AWS."""
    calls.BREAKER.forget()  # what has not answered while it was tormented answers now,
    sessions.forget()  # and credentials that were taken away then are fetched anew
    given_up = Gate.objects.filter(answer=Answer.GIVE_UP).values("wave")  # people know that these may have launched
    ours = set(Job.objects.exclude(launch__wave__in=given_up).values_list("job_id", flat=True))
    for place in AccountRegion.objects.select_related("account"):
        client = sessions.client(place.account, place.region, "drs", purpose="verdict")
        for row in drs.describe_recovery_instances(client):
            if row.job_id in ours and row.ec2_state not in GONE:
                yield f"DRS still has recovery instance {row.recovery_instance_id} of job {row.job_id}."
