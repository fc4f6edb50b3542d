"""Lets the local AWS endpoint answer badly, late, or not at all: other rules every few seconds, a clock that jumps."""

import random
import time
from collections import Counter

from drsorch.simulator.control import SimulatorControl
from tests.torture.fault_rules import STARTS, Rules
from tests.torture.times import Times
from tests.torture.troubles import Troubles, Undo

CHANGE_EVERY = (1.5, 4.0)
CALM = 0.1  # of all changes leave nothing in force: what went wrong must also be able to go right
FEWEST, MOST = 5, 10
TROUBLE = 0.2
JUMP_EVERY = 20.0
AT_FIRST = [f"drs.{name}" for name in (*STARTS, "DescribeJobs", "DescribeSourceServers")]


class Weather:
    """Step it often; `hits` counts what went wrong, by kind."""

    def __init__(
        self, control: SimulatorControl, times: Times, dice: random.Random, rules: Rules, troubles: Troubles
    ) -> None:
        self.control, self.times, self.dice, self.rules, self.troubles = control, times, dice, rules, troubles
        self.undo: list[Undo] = []
        self.hits: Counter[str] = Counter()
        self.jumps = 0
        now = time.monotonic()
        self.next_change, self.next_jump = now, now + JUMP_EVERY

    def step(self) -> None:
        """Change the weather when it is time."""
        now = time.monotonic()
        if now >= self.next_change:
            self.next_change = now + self.dice.uniform(*CHANGE_EVERY)
            self.change()

    def change(self) -> None:
        """End what is in force and put new rules in force."""
        self.clear()
        if self.dice.random() < CALM:
            return
        called = [name for name in self.control.requests()["total"] if name.startswith(("drs.", "ec2.", "sts."))]
        for _ in range(self.dice.randint(FEWEST, MOST)):
            rule = self.rules.draw(called or AT_FIRST)
            if rule:
                self.control.fault(**rule)
        if self.dice.random() < TROUBLE:
            kind, undo = self.troubles.make()
            self.hits[kind] += 1
            self.undo.append(undo)

    def jump(self) -> None:
        """Let the endpoint's clock jump when it is time: forward, and never by so much that a rule of ours breaks."""
        now = time.monotonic()
        if now >= self.next_jump:
            self.next_jump = now + JUMP_EVERY * self.dice.uniform(1, 2)
            self.control.advance(self.dice.uniform(0.2, 1) * self.times.jump * self.times.speed)
            self.jumps += 1

    def lose_answers(self) -> None:
        """Lose the answer to every third StartRecovery from now on, for the negative control."""
        self.control.fault(kind="cut_after", operation="StartRecovery", probability=0.3)

    def clear(self) -> None:
        """Note what the present rules did, and end them; what they broke is mended."""
        present = self.control.faults()
        for rule in present:
            self.hits[rule["kind"]] += rule["hits"]
        self.control.clear_faults()
        while self.undo:
            self.undo.pop()()
        if any(rule["kind"] == "replication" and rule["hits"] for rule in present):
            self.troubles.mend()
