"""Kills processes of the worker at random moments, and starts its supervisor again."""

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.queue import processes
from tests.queue.processes import Found
from tests.torture.installation import Installation

ROLES = ("supervisor", "guard", "worker", "pusher", "monitor", "ticker")
NAMELESS = "starting"  # a process that has not come as far as its name
ORPHANS_GO_WITHIN = 30.0  # a process that has just begun looks for its parent when Python is up
BACK_WITHIN = 120.0
WHILE_STARTING = 0.15  # of all kills; the others hit a worker that is complete


@dataclass
class Killer:
    """Step it often from the thread that started the worker."""

    installation: Installation
    dice: random.Random
    kill_every: float
    kills: Counter[str] = field(default_factory=Counter)
    killed: set[int] = field(default_factory=set)
    departing: list[tuple[float, list[Found]]] = field(default_factory=list)
    orphans: int = 0
    due: float | None = None
    problem: str = ""

    def __post_init__(self) -> None:
        self.incomplete_since = time.monotonic()

    def step(self) -> None:
        """Do what is due now."""
        now = time.monotonic()
        self._count_orphans(now)
        if self.due is None:
            self._plan(now)
        elif now >= self.due:
            self._kill()
            is_early = self.dice.random() < WHILE_STARTING
            self.due = now + self.dice.uniform(0, self.kill_every) if is_early else None
            self.incomplete_since = now

    @property
    def total(self) -> int:
        """How many were killed."""
        return sum(self.kills.values())

    def _plan(self, now: float) -> None:
        """Choose the moment of the next kill once every process is there."""
        if self._alive().keys() >= set(ROLES):
            self.due = now + self.dice.expovariate(1 / self.kill_every)
        elif now - self.incomplete_since > BACK_WITHIN:
            self.problem = f"The worker was not complete again {BACK_WITHIN:g} s after a kill."

    def _kill(self) -> None:
        """Kill one process: first the role is drawn, so that each has the same chance."""
        alive = self._alive()
        if not alive:
            return
        role = self.dice.choice(sorted(alive))
        victim = self.dice.choice(alive[role])
        family = processes.below(self.installation.pid("worker"))
        self.kills[role] += 1
        self.killed.add(victim.pid)
        processes.send(victim.pid, signal.SIGKILL)
        if victim.pid == self.installation.pid("worker"):
            self._start_again(family)

    def _start_again(self, family: list[Found]) -> None:
        """A killed supervisor takes its whole group with it; somebody (an init system) starts it again at once."""
        self.installation.running.pop("worker").wait()
        self.departing.append((time.monotonic() + ORPHANS_GO_WITHIN, family))
        self.installation.start_worker()

    def _count_orphans(self, now: float) -> None:
        """Processes that outlive their supervisor must not: count them, and end them."""
        due = [family for until, family in self.departing if now >= until]
        self.departing = [(until, family) for until, family in self.departing if now < until]
        for orphan in (found for family in due for found in processes.still_alive(family)):
            self.orphans += 1
            processes.send(orphan.pid, signal.SIGKILL)

    def _alive(self) -> dict[str, list[Found]]:
        by_role: dict[str, list[Found]] = {}
        for found in processes.below(self.installation.pid("worker")):
            by_role.setdefault(found.role if found.role in ROLES else NAMELESS, []).append(found)
        return by_role
