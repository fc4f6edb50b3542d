"""Kills processes at random moments: each kind of victim on its own, so that two may be down at once."""

import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.queue import processes
from tests.queue.processes import Found
from tests.torture.victims import Victim

ORPHANS_GO_WITHIN = 30.0  # a process that has just begun looks for its parent when Python is up
BACK_WITHIN = 120.0
WHILE_STARTING = 0.15  # of all kills; the others hit a victim that is complete
LOOK_EVERY = 0.3


@dataclass
class Hunt:
    """The next kill of one victim."""

    victim: Victim
    every: float
    due: float | None = None
    looked_at: float = 0.0
    incomplete_since: float = field(default_factory=time.monotonic)


class Killer:
    """Step it often from the thread that started the processes."""

    def __init__(self, victims: Sequence[Victim], dice: random.Random, pace: float) -> None:
        self.hunts = [Hunt(victim, victim.every * pace) for victim in victims]
        self.dice = dice
        self.kills: Counter[str] = Counter()
        self.leaving: list[tuple[float, list[Found]]] = []
        self.orphans = 0
        self.problem = ""

    @property
    def total(self) -> int:
        """How many were killed."""
        return sum(self.kills.values())

    def step(self, *, spare: str = "") -> None:
        """Do what is due now. The victim named `spare` is left alone."""
        now = time.monotonic()
        self._count_orphans(now)
        for hunt in self.hunts:
            if hunt.due is None:
                self._plan(hunt, now)
            elif now >= hunt.due and hunt.victim.name != spare:
                self._kill(hunt, now)

    def bring_back(self) -> bool:
        """Tell whether everything runs again, and start what does not. No kills."""
        self._count_orphans(time.monotonic())
        there = [hunt.victim.is_complete() for hunt in self.hunts]  # each is asked: asking starts what is missing
        return all(there)

    def _plan(self, hunt: Hunt, now: float) -> None:
        """Choose the moment of the next kill once the victim is complete."""
        if now - hunt.looked_at < LOOK_EVERY:
            return
        hunt.looked_at = now
        if hunt.victim.is_complete():
            hunt.due = now + self.dice.expovariate(1 / hunt.every)
        elif now - hunt.incomplete_since > BACK_WITHIN:
            self.problem = f"The {hunt.victim.name} was not complete again {BACK_WITHIN:g} s after a kill."

    def _kill(self, hunt: Hunt, now: float) -> None:
        what = hunt.victim.kill(self.dice)
        if what:
            self.kills[f"{hunt.victim.name}: {what}"] += 1
        self.leaving.append((now + ORPHANS_GO_WITHIN, hunt.victim.departing()))
        is_early = self.dice.random() < WHILE_STARTING
        hunt.due = now + self.dice.uniform(0, hunt.every) if is_early else None
        hunt.incomplete_since = now

    def _count_orphans(self, now: float) -> None:
        """Processes that outlive those they belong to must not: count them, and end them."""
        due = [family for until, family in self.leaving if now >= until]
        self.leaving = [(until, family) for until, family in self.leaving if now < until]
        for orphan in (found for family in due for found in processes.still_alive(family)):
            self.orphans += 1
            processes.send(orphan.pid, signal.SIGKILL)
