"""Which wave is next, whether it asks first, and how its servers are split over calls."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from executions.decisions.actions import Action, Ask, StartWave
from executions.decisions.facts import Facts, WaveFacts
from executions.states import IN_FLIGHT_WAVE, UNSTARTED_WAVE, WaveStatus

T = TypeVar("T")

# AWS: "up to 100 source servers in a single operation" (quota L-B827C881), though the model allows 200.
SERVERS_PER_JOB = 100


def decide(facts: Facts) -> Action | None:
    """Start the next wave, or ask before it; None while a wave runs or a question is open."""
    wave = next_wave(facts.waves)
    if wave is None or wave.gate == "OPEN":
        return None
    if facts.pause_requested:
        return Ask(wave.pk, "PAUSE_REQUESTED")
    if wave.pause_before and not wave.gate:
        return Ask(wave.pk, "PAUSE_BEFORE")
    return StartWave(wave.pk)


def next_wave(waves: Sequence[WaveFacts]) -> WaveFacts | None:
    """Return the lowest wave that has not started and whose dependencies have completed; one wave at a time."""
    if any(wave.status in IN_FLIGHT_WAVE for wave in waves):
        return None
    completed = {wave.number for wave in waves if wave.status in {WaveStatus.COMPLETED, WaveStatus.PARTIAL}}
    ready = (wave for wave in waves if wave.status in UNSTARTED_WAVE and completed.issuperset(wave.depends_on))
    return min(ready, key=lambda wave: wave.number, default=None)


def split(servers: Iterable[tuple[T, int, str]], size: int = SERVERS_PER_JOB) -> list[tuple[int, str, list[T]]]:
    """Split (server, account, Region) into calls of one account and Region and at most `size` servers."""
    places: dict[tuple[int, str], list[T]] = {}
    for server, account, region in servers:
        places.setdefault((account, region), []).append(server)
    return [
        (account, region, members[start : start + size])
        for (account, region), members in sorted(places.items())
        for start in range(0, len(members), size)
    ]
