"""Ask DRS about jobs, and about the servers they launch."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db.models import Q

from drsorch.aws import drs, ec2, sessions
from drsorch.aws.errors import AwsError
from executions.models import Job, ServerRun
from executions.states import OPEN_SERVER
from protection.models import TargetAccount

logger = logging.getLogger(__name__)

# Logs of live jobs are read in turns, so that the cost of a poll does not grow with the number of jobs.
LOGS_PER_POLL = 4


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
    """One DescribeJobs for all jobs; logs of the jobs that ended and a few that live; instances of launched servers."""
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
    """Every job that has just ended, and the live ones whose log was read longest ago."""
    ended = [job for job in jobs if job.job_id in answer.jobs and _has_ended(job, answer)]
    live = [job for job in jobs if job.job_id in answer.jobs and job not in ended]
    live.sort(key=lambda job: job.log_read_at or job.created_at)
    return ended + live[:LOGS_PER_POLL]


def _without_instance(jobs: list[Job], answer: Answer) -> list[str]:
    """Servers that DRS calls launched, or whose job has ended, and whose recovery instance we do not know yet.

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
    rows = ServerRun.objects.filter(wanted, recovery_instance_id="", launch_status__in=OPEN_SERVER)
    return sorted(set(rows.values_list("source_server_id", flat=True)))


def _has_ended(job: Job, answer: Answer) -> bool:
    heard = answer.jobs.get(job.job_id)
    return job.ended_at is not None or (heard is not None and heard.status == "COMPLETED")
