"""Which wave is next, what comes before it starts, and how its servers are split over calls."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from executions.decisions.actions import Action, Ask, Look, StartWave
from executions.decisions.facts import Facts, WaveFacts
from executions.states import HOLDING_ALL, Answer, GateKind

T = TypeVar("T")

# AWS: "up to 100 source servers in a single operation" (quota L-B827C881), though the model allows 200.
SERVERS_PER_JOB = 100


def decide(facts: Facts) -> Action | None:
    """Return what the waves whose turn it is need before they start, or the start; None when none can go on now."""
    for wave in waves_in_turn(facts):
        action = _before(wave, facts)
        if action is not None:
            return action
    return None


def waves_in_turn(facts: Facts) -> list[WaveFacts]:
    """Return the waves that may start now, lowest first.

    One at a time unless the plan lets independent waves run at the same time: then only those that wait for people, or
    for others, are held. A pause that was asked for holds them all, and so does a recovery that is to be confirmed.
    """
    questions = {wave.gate for wave in facts.waves if wave.gate}
    if questions & HOLDING_ALL:
        return []
    waves = {wave.number: wave for wave in facts.waves}
    ready = [wave for wave in facts.waves if wave.is_unstarted and not wave.gate and _is_free(wave, waves, facts)]
    ready.sort(key=lambda wave: wave.number)
    if facts.parallel_waves:
        return ready
    lowest = min((wave.number for wave in facts.waves if wave.is_unstarted), default=0)
    is_busy = questions or any(wave.is_under_way for wave in facts.waves)
    return [] if is_busy else [wave for wave in ready if wave.number == lowest]


def _is_free(wave: WaveFacts, waves: dict[int, WaveFacts], facts: Facts) -> bool:
    needed = [waves.get(number) for number in wave.depends_on]
    return all(other is not None and other.is_passed and (other.free_at or facts.now) <= facts.now for other in needed)


def _before(wave: WaveFacts, facts: Facts) -> Action | None:
    if wave.pause_before and wave.answer(GateKind.PAUSE_BEFORE) != Answer.RESUME:
        return Ask(wave.pk, GateKind.PAUSE_BEFORE)
    if facts.pause_requested:
        return Ask(wave.pk, GateKind.PAUSE_REQUESTED)
    if wave.look_again_at is not None and wave.look_again_at > facts.now:
        return None
    fresh = facts.now - timedelta(seconds=facts.limits.look_age)
    if wave.looked_at is None or wave.looked_at < fresh:
        return Look(wave.pk)
    return StartWave(wave.pk)


def wake_times(facts: Facts) -> list[datetime]:
    """Return the moments at which a wave that has not started becomes due by itself."""
    if not any(wave.is_unstarted for wave in facts.waves):
        return []
    times = [wave.free_at for wave in facts.waves if wave.is_passed]
    times += [wave.look_again_at for wave in facts.waves if wave.is_unstarted]
    return [time for time in times if time is not None and time > facts.now]


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


def in_sequence(servers: Sequence[tuple[T, int, str]]) -> list[tuple[int, str, list[T]]]:
    """Return one call for each server, in their order."""
    return [(account, region, [server]) for server, account, region in servers]
