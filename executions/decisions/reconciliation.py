"""Which of DRS's jobs is the one that a call with an unknown end has made?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

TOKEN_TAG = "drsorch:launch"  # noqa: S105 (the name of a tag, not a secret)
CLOCK_SKEW = timedelta(minutes=5)


class JobServer(Protocol):
    """A server in a job."""

    @property
    def source_server_id(self) -> str: ...


class Job(Protocol):
    """What is read of a DRS job."""

    @property
    def job_id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def initiated_by(self) -> str: ...
    @property
    def created_at(self) -> datetime | None: ...
    @property
    def tags(self) -> dict[str, str]: ...
    @property
    def servers(self) -> Sequence[JobServer]: ...


J = TypeVar("J", bound=Job)


@dataclass(frozen=True, slots=True)
class Sought:
    """The call: its token, servers, type of job, when it was first possible, jobs known already.

    `initiated_by` is who started it, as DRS names it, where the type does not say it all; DRS may leave it out.

    `may_exist` is False when AWS has clearly refused every attempt: a job that looks like ours is somebody else's.
    `may_be_part`: an attempt may have named only some of the servers, because the others were done with.
    """

    token: str
    servers: frozenset[str]
    type: str
    since: datetime
    known: Collection[str]
    initiated_by: str = ""
    may_exist: bool = True
    may_be_part: bool = False


def ours(jobs: Sequence[J], sought: Sought) -> list[J]:
    """Return the jobs that the call has made, oldest first: by token, else by exact servers, type and initiator.

    More than one is an alarm. A job without our token counts only when it carries no token at all.
    """
    new = [job for job in jobs if job.job_id not in sought.known]
    found = [job for job in new if job.tags.get(TOKEN_TAG) == sought.token]
    if not found and sought.may_exist:
        found = [job for job in new if TOKEN_TAG not in job.tags and _same(job, sought)]
    return _oldest_first(found, sought)


def emptied(jobs: Sequence[J], sought: Sought) -> list[J]:
    """Return jobs, oldest first, that may be the call's although DRS names no servers for them any more.

    DRS empties jobs that have ended without a word: then only type, time and the job's log tie them to the call.
    Enough for evidence, never for a decision about servers.
    """
    found = [job for job in jobs if job.job_id not in sought.known and not job.servers and _in_question(job, sought)]
    return _oldest_first(found, sought)


def told_by_log(
    jobs: Sequence[J], logs: Mapping[str, frozenset[str]], sought: Sought, *, may_be_silent: bool
) -> list[J]:
    """Return those of the emptied `jobs` whose log names servers of the call, and none of anybody else.

    `logs` has the servers that each job's log names. One that names none comes last, and only if it `may_be_silent`:
    another call, whose answer was lost as well, may have made it.
    """
    told = [job for job in jobs if logs[job.job_id] and logs[job.job_id] <= sought.servers]
    return [*told, *(job for job in jobs if may_be_silent and not logs[job.job_id])]


def _oldest_first(jobs: Sequence[J], sought: Sought) -> list[J]:
    return sorted(jobs, key=lambda job: (job.created_at or sought.since, job.job_id))


def in_the_way(jobs: Sequence[J], sought: Sought) -> J | None:
    """Return a live job of somebody else that has one of the call's servers."""
    for job in jobs:
        busy = {server.source_server_id for server in job.servers}
        if job.status != "COMPLETED" and busy & sought.servers and job.tags.get(TOKEN_TAG) != sought.token:
            return job
    return None


def _same(job: Job, sought: Sought) -> bool:
    servers = frozenset(server.source_server_id for server in job.servers)
    fits = bool(servers) and servers <= sought.servers if sought.may_be_part else servers == sought.servers
    return fits and _in_question(job, sought)


def _in_question(job: Job, sought: Sought) -> bool:
    in_time = job.created_at is not None and job.created_at >= sought.since - CLOCK_SKEW
    return job.type == sought.type and sought.initiated_by in ("", job.initiated_by) and in_time
