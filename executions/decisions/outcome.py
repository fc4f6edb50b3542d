"""How a wave and an execution ended: counted from their servers, never from a job's status."""

from collections.abc import Sequence

from executions.states import ExecutionStatus, LaunchStatus, WaveStatus

# An instance that was launched and is gone again was launched all the same.
LAUNCHED = frozenset({LaunchStatus.LAUNCHED, LaunchStatus.TERMINATED})


def of_wave(servers: Sequence[str]) -> str:
    """Return the status of a wave whose servers have all come to their end.

    A failed server makes the wave FAILED; servers that were never tried, because a person cancelled, make it CANCELLED.
    """
    if LaunchStatus.FAILED in servers:
        return WaveStatus.FAILED
    if all(status in LAUNCHED for status in servers):
        return WaveStatus.COMPLETED
    return WaveStatus.PARTIAL if LAUNCHED.intersection(servers) else WaveStatus.CANCELLED


def of_execution(servers: Sequence[str], *, cancelled: bool) -> str:
    """Return the final status: all launched, some launched, or none."""
    launched = [status for status in servers if status in LAUNCHED]
    if servers and len(launched) == len(servers):
        return ExecutionStatus.COMPLETED
    if launched:
        return ExecutionStatus.PARTIAL
    return ExecutionStatus.CANCELLED if cancelled else ExecutionStatus.FAILED
