"""Stops workers in the middle of a call for longer than their lease or settle window, then lets them go on."""

import random
import signal
import time
from collections import Counter

from django.db import DatabaseError, InterfaceError, connection

from executions.models import Launch
from executions.states import CallStatus
from tests.queue import processes
from tests.queue.processes import Found
from tests.torture.installation import Installation
from tests.torture.times import Times

EVERY = 45.0
AGAIN_AFTER = 3.0  # when the frozen ones were replaced with their group before their time
PAST_THE_SETTLE_WINDOW = 0.5  # of all freezes; the others last longer than the lease
WAITS_FOR_AN_INTENT = 6.0
LOOKS_EVERY = 0.003  # between the commit of an intent and its call lie a few milliseconds
LETS_GO_AFTER = 0.3


class Freezer:
    """Step it often; nothing should be killed while `is_holding`."""

    def __init__(self, installation: Installation, dice: random.Random, times: Times) -> None:
        self.installation, self.dice, self.times = installation, dice, times
        self.frozen: list[Found] = []
        self.until = 0.0
        self.is_long = False
        self.survived: Counter[str] = Counter()
        self.next = time.monotonic() + EVERY / 2

    @property
    def is_holding(self) -> bool:
        """Tell whether a worker is frozen now."""
        return bool(self.frozen)

    def step(self) -> None:
        """Freeze, or let go, when it is time."""
        now = time.monotonic()
        if self.frozen and now >= self.until:
            self.let_go()
        elif self.frozen and not processes.still_alive(self.frozen):
            self.frozen, self.next = [], now + AGAIN_AFTER
        elif not self.frozen and now >= self.next:
            self.next = now + self.dice.uniform(0.5, 1.5) * EVERY
            self._freeze()

    def let_go(self) -> None:
        """Let everything frozen go on, and count what was still there."""
        alive = processes.still_alive(self.frozen)
        for found in alive:
            processes.send(found.pid, signal.SIGCONT)
        self.survived["past the settle window" if self.is_long else "past the lease"] += len(alive)
        self.frozen = []

    def _freeze(self) -> None:
        """Freeze all workers at once, because nobody knows which one makes the call; half of them go on soon."""
        workers = [found for found in processes.below(self.installation.pid("worker")) if found.role == "worker"]
        if not workers:
            return
        self._wait_for_an_intent()
        for found in workers:
            processes.send(found.pid, signal.SIGSTOP)
        time.sleep(LETS_GO_AFTER)
        self.dice.shuffle(workers)
        half = len(workers) // 2
        for found in workers[:half]:
            processes.send(found.pid, signal.SIGCONT)
        self.frozen = workers[half:]
        self.is_long = self.dice.random() < PAST_THE_SETTLE_WINDOW
        limit = self.times.settle + self.times.send_within if self.is_long else self.times.lease
        self.until = time.monotonic() + limit + self.dice.uniform(0.5, 3)

    def _wait_for_an_intent(self) -> None:
        """Return when a new call is about to be made or under way; when none comes, after some time."""
        until = time.monotonic() + WAITS_FOR_AN_INTENT
        intents = Launch.objects.filter(status=CallStatus.INTENT).values_list("pk", "attempt")
        try:
            old = set(intents)
            while time.monotonic() < until and not set(intents.all()) - old:
                time.sleep(LOOKS_EVERY)
        except (DatabaseError, InterfaceError):
            connection.close()  # it was just killed: the workers are frozen where they are now
