"""Whether DRS's quotas leave room for the waves of a plan. Too little room is no problem: launches queue. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from executions.decisions.readiness import Code, Finding, Severity
from executions.decisions.surveyed import Survey


@dataclass(frozen=True, slots=True)
class Room:
    """The quotas of one account and Region."""

    jobs: int
    servers_per_job: int
    servers_in_jobs: int


def crowded(place: str, waves: Mapping[int, int], room: Room, survey: Survey | None) -> list[Finding]:
    """Return warnings for `waves` (number -> servers in this place) that will wait for DRS's quotas."""
    busy_jobs = len(survey.live_jobs) if survey else 0
    busy_servers = survey.servers_in_jobs if survey else 0
    found = []
    for number, size in waves.items():
        needed = -(-size // room.servers_per_job)
        if busy_servers + size > room.servers_in_jobs:
            sentence = (
                f"Wave {number} has {size} servers in {place}, where DRS allows {room.servers_in_jobs} servers in jobs "
                f"at once{_in_use(busy_servers)}: the rest waits in a queue."
            )
            found.append(_warning(Code.QUOTA_SERVERS, sentence, place, number))
        if busy_jobs + needed > room.jobs:
            sentence = (
                f"Wave {number} needs {needed} DRS {'job' if needed == 1 else 'jobs'} in {place}, where {busy_jobs} of "
                f"{room.jobs} are in use: it waits for a free one."
            )
            found.append(_warning(Code.QUOTA_JOBS, sentence, place, number))
    return found


def _warning(code: Code, sentence: str, place: str, number: int) -> Finding:
    return Finding(code, Severity.WARNING, sentence, subject=f"{place}, wave {number}")


def _in_use(busy: int) -> str:
    return f" and {busy} are in one now" if busy else ""
