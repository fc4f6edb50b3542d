"""When a planned launch of a wave may be sent: together, so many at once, or one after the other."""

from enum import Enum

from executions.decisions.facts import CallFacts, ServerFacts, WaveFacts
from executions.states import MAY_HAVE_A_JOB, OPEN_SERVER, CallStatus
from plans.models import OnFailure


class Turn(Enum):
    """Whether a planned launch may be sent."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


def turn_of(call: CallFacts, wave: WaveFacts) -> Turn:
    """Say whether `call`, planned for `wave`, may be sent: as the wave's launch order allows."""
    if wave.is_sequential:
        return _in_sequence(call, wave)
    if wave.max_parallel is None:
        return Turn.NOW
    launching = len(_launching(wave))
    return Turn.NOW if launching == 0 or launching + len(call.servers) <= wave.max_parallel else Turn.LATER


def unplanned(wave: WaveFacts) -> bool:
    """Say whether a server that is still to be launched is in no call: its launch is retried."""
    planned = {pk for call in wave.calls if call.status in MAY_HAVE_A_JOB | {CallStatus.PLANNED} for pk in call.servers}
    return any(server.status in OPEN_SERVER and server.pk not in planned for server in wave.servers)


def _in_sequence(call: CallFacts, wave: WaveFacts) -> Turn:
    """A server's turn comes when those before it are launched; after a critical failure only when the plan goes on."""
    before: list[ServerFacts] = []
    for server in wave.servers:
        if server.pk in call.servers:
            break
        before.append(server)
    if any(server.status in OPEN_SERVER for server in before):
        return Turn.LATER
    failed = any(server.is_critical and wave.has_failed(server) for server in before)
    return Turn.NEVER if failed and wave.on_failure != OnFailure.CONTINUE else Turn.NOW


def _launching(wave: WaveFacts) -> set[int]:
    sent = {pk for call in wave.calls if call.status in MAY_HAVE_A_JOB for pk in call.servers}
    return {server.pk for server in wave.servers if server.status in OPEN_SERVER and server.pk in sent}
