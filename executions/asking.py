"""Ask DRS about jobs, and about the servers they launch."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db.models import Q

from drsorch.aws import drs, ec2, sessions
from drsorch.aws.errors import AwsError
from executions.models import Job, ServerRun
from executions.states import OPEN_SERVER, CallStatus
from protection.models import TargetAccount

logger = logging.getLogger(__name__)


@dataclass
class Answer:
    """What DRS and EC2 said in one poll."""

    jobs: dict[str, drs.Job] = field(default_factory=dict)
    logs: dict[str, list[drs.JobLogItem]] = field(default_factory=dict)
    instances: dict[tuple[str, str], drs.RecoveryInstance] = field(default_factory=dict)
    machines: dict[str, ec2.Instance] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)

    @contextmanager
    def without(self, what: str) -> Iterator[None]:
        """Go on without something that is good to know but must not hold up what decides; the gap is shown."""
        try:
            yield
        except AwsError as error:
            self.gaps.append(f"{what} is not known: {error.message}")
            logger.warning("%s", self.gaps[-1])


def ask(account: TargetAccount, region: str, jobs: list[Job]) -> Answer:
    """One DescribeJobs for all jobs; the log of one of them, and of those that failed; instances of launched servers.

    What a poll costs does not grow with the number of jobs.
    """
    answer = Answer()
    if not jobs:
        return answer
    client = sessions.client(account, region, "drs", purpose="poll")
    answer.jobs = {job.job_id: job for job in drs.describe_jobs(client, [job.job_id for job in jobs])}
    with answer.without("The log of a job"):
        for job in _worth_a_log(jobs, answer):
            answer.logs[job.job_id] = drs.describe_job_log_items(client, job.job_id)
    servers = _without_instance(jobs, answer)
    if servers:
        found = drs.describe_recovery_instances(client, server_ids=servers)
        answer.instances = {(row.job_id, row.source_server_id): row for row in found}
    machines = [row.ec2_instance_id for row in answer.instances.values() if row.ec2_instance_id]
    if machines:
        with answer.without("The address of a new instance"):
            answer.machines = ec2.describe_instances(sessions.client(account, region, "ec2", purpose="poll"), machines)
    return answer


def _worth_a_log(jobs: list[Job], answer: Answer) -> list[Job]:
    """One log a poll, in turns: of a job that has ended, else of the one whose log was read longest ago.

    Beside it the logs of jobs that have ended with failed servers: people wait for the reasons.
    """
    known = [job for job in jobs if job.job_id in answer.jobs]
    unread = [job for job in known if _has_ended(job, answer) and not job.is_log_complete]
    failed = [job for job in unread if _has_failed(answer.jobs[job.job_id])]
    rest = [job for job in unread or known if job not in failed]
    return failed + sorted(rest, key=lambda job: job.log_read_at or job.created_at)[:1]


def _without_instance(jobs: list[Job], answer: Answer) -> list[str]:
    """Servers not launched yet, by what we know, that DRS calls launched or whose job has ended.

    The job itself does not carry the instance reliably, and may have lost its servers when it has ended.
    """
    ended = [job.pk for job in jobs if _has_ended(job, answer)]
    launched = [
        (job.pk, server.source_server_id)
        for job in jobs
        for server in (answer.jobs[job.job_id].servers if job.job_id in answer.jobs else ())
        if server.launch_status == "LAUNCHED"
    ]
    wanted = Q(launches__job__in=ended) | Q(
        launches__job__in=[pk for pk, _ in launched], source_server_id__in=[server for _, server in launched]
    )
    rows = ServerRun.objects.filter(wanted, launches__status=CallStatus.SENT, launch_status__in=OPEN_SERVER)
    return sorted(set(rows.values_list("source_server_id", flat=True)))


def _has_ended(job: Job, answer: Answer) -> bool:
    heard = answer.jobs.get(job.job_id)
    return job.ended_at is not None or (heard is not None and heard.status == "COMPLETED")


def _has_failed(heard: drs.Job) -> bool:
    return any(server.launch_status == "FAILED" for server in heard.servers)
