"""How a wave and an execution ended: counted from their servers, never from a job's status."""

from collections.abc import Sequence

from executions.decisions.facts import ServerFacts, WaveFacts
from executions.states import Answer, CheckResult, ExecutionStatus, GateKind, LaunchStatus, WaveStatus
from plans.models import OnFailure

# An instance that was launched and is gone again was launched all the same.
LAUNCHED = frozenset({LaunchStatus.LAUNCHED, LaunchStatus.TERMINATED})
PASSING = frozenset({WaveStatus.COMPLETED, WaveStatus.PARTIAL})
UNFIT = frozenset({CheckResult.FAILED, CheckResult.UNKNOWN})


def of_wave(wave: WaveFacts) -> str:
    """Return the status of a wave whose servers have all come to their end.

    A critical server that failed makes it FAILED, an optional one, and a check that did not pass, PARTIAL; servers that
    were never tried, because a person cancelled, make it CANCELLED.
    """
    failed = [server for server in wave.servers if wave.has_failed(server)]
    launched = [server for server in wave.servers if server.status in LAUNCHED]
    if any(server.is_critical for server in failed) or (failed and not launched):
        return WaveStatus.FAILED
    if all(_is_well(server) for server in wave.servers):
        return WaveStatus.COMPLETED
    return WaveStatus.PARTIAL if launched else WaveStatus.CANCELLED


def may_pass(wave: WaveFacts, status: str) -> bool:
    """Say whether waves that run after `wave` may start when it ends as `status`: its policy, else people, decide."""
    if status == WaveStatus.FAILED:
        return wave.on_failure == OnFailure.CONTINUE or wave.answer(GateKind.FAILURE) == Answer.CONTINUE
    return status in PASSING


def of_execution(servers: Sequence[ServerFacts], *, cancelled: bool) -> str:
    """Return the final status: all launched, some launched, or none. What no check has found fit is not all well."""
    launched = [server for server in servers if server.status in LAUNCHED]
    if servers and all(_is_well(server) for server in servers):
        return ExecutionStatus.COMPLETED
    if launched:
        return ExecutionStatus.PARTIAL
    return ExecutionStatus.CANCELLED if cancelled else ExecutionStatus.FAILED


def _is_well(server: ServerFacts) -> bool:
    return server.status in LAUNCHED and server.check not in UNFIT | {CheckResult.PENDING}
