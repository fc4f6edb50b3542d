"""The two lists that grow: DRS's job events, and the timeline of who did what. Newest first, and cut."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from executions.models import Event, Execution, Job, JobEvent

NEWEST = 12  # in view at once
KEPT = 100  # within reach; what is older stays in the database


@dataclass(frozen=True, slots=True)
class Feed:
    """The newest lines, those before them, and whether there are older ones still."""

    newest: list[Event | JobEvent]
    earlier: list[Event | JobEvent]
    is_cut: bool

    @classmethod
    def of(cls, lines: Iterable[Event | JobEvent]) -> "Feed":
        """Divide lines, newest first, of which there may be one more than is kept."""
        found = list(lines)
        return cls(found[:NEWEST], found[NEWEST:KEPT], len(found) > KEPT)


def job_events(jobs: Iterable[Job], names: Mapping[str, str]) -> Feed:
    """Return the last lines of the jobs' logs, each with the server's name from `names` by id, or the job's id."""
    ids = {job.pk: job.job_id for job in jobs}
    lines = JobEvent.objects.filter(job__in=ids).order_by("-at", "-pk")[: KEPT + 1]
    for line in lines:
        line.subject = names.get(line.source_server_id) or ids[line.job_id]  # type: ignore[attr-defined]
    return Feed.of(lines)


def timeline(execution: Execution) -> Feed:
    """Return the last lines of the execution's timeline."""
    lines = execution.events.order_by("-pk")[: KEPT + 1]
    for line in lines:
        line.look = "info" if line.tone == "loading" else line.tone  # type: ignore[attr-defined]
    return Feed.of(lines)
