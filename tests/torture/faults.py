"""Lets the local AWS endpoint answer badly, late, or not at all: another one or two ways every few seconds."""

import random
import time
from collections import Counter
from typing import Any

from drsorch.simulator.control import SimulatorControl
from tests.torture.times import Times

CHANGE_EVERY = (2.0, 5.0)
# Twice as often where a lost answer costs most.
OPERATIONS = (
    *("StartRecovery", "TerminateRecoveryInstances") * 2,
    "DescribeJobs",
    "DescribeJobLogItems",
    "DescribeRecoveryInstances",
    "DescribeSourceServers",
    "DescribeInstances",
    "AssumeRole",
)


class Weather:
    """Step it often; `hits` counts what went wrong, by kind."""

    def __init__(self, control: SimulatorControl, times: Times, dice: random.Random) -> None:
        self.control, self.dice = control, dice
        self.hits: Counter[str] = Counter()
        self.next_change = time.monotonic()
        world = control.world()["accounts"]
        self.servers = [
            (account["id"], region, server["id"])
            for account in world
            for region, servers in account["servers"].items()
            for server in servers
        ]
        too_long = times.read + 0.5
        self.menu: tuple[dict[str, Any], ...] = (
            {"kind": "throttle"},
            {"kind": "error_before", "status": 503},
            {"kind": "error_after", "status": 500},
            {"kind": "cut_before"},
            {"kind": "cut_after"},
            {"kind": "slow", "seconds": times.read / 2},
            {"kind": "slow", "seconds": too_long},
            {"kind": "slow_after", "seconds": too_long},
            {"kind": "conflict", "operation": "StartRecovery"},
            {"kind": "job_invisible", "operation": "StartRecovery", "seconds": times.invisible * times.speed},
        )

    def step(self) -> None:
        """Change the weather when it is time."""
        if time.monotonic() < self.next_change:
            return
        self.next_change = time.monotonic() + self.dice.uniform(*CHANGE_EVERY)
        self.clear()
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            rule = {"operation": self.dice.choice(OPERATIONS), **self.dice.choice(self.menu)}
            self.control.fault(
                probability=self.dice.choice((0.2, 0.5, 1.0)), times=self.dice.choice((1, 3, 20)), **rule
            )
        if self.dice.random() < 0.1:
            account, region, server = self.dice.choice(self.servers)
            self.control.fail_server(account, region, server, at=self.dice.choice(("SNAPSHOT", "CONVERSION", "LAUNCH")))

    def lose_answers(self) -> None:
        """Lose the answer to every third StartRecovery from now on, for the negative control."""
        self.control.fault(kind="cut_after", operation="StartRecovery", probability=0.3)

    def clear(self) -> None:
        """Note what the present rules did, and end them."""
        for rule in self.control.faults():
            self.hits[rule["kind"]] += rule["hits"]
        self.control.clear_faults()
