"""What is killed: which processes there are now, and how each comes back."""

import random
import signal
import socket
from collections.abc import Mapping, Sequence
from typing import Protocol

from tests.queue import processes
from tests.queue.processes import Found
from tests.torture.installation import Installation

ROLES = ("supervisor", "guard", "worker", "pusher", "monitor", "ticker")
NAMELESS = "starting"  # a process that has not come as far as its name


class Victim(Protocol):
    """Something that can be killed and comes back. `every` is the mean of seconds between back and dead again."""

    name: str
    every: float

    def is_complete(self) -> bool:
        """Tell whether all of it runs; what an init system would start again is started again here."""

    def kill(self, dice: random.Random) -> str:
        """Kill something now and return what, or nothing when there was nothing to kill."""

    def departing(self) -> list[Found]:
        """Return, once, processes that must be gone soon because what they belong to was killed."""


class Worker:
    """Any process of `manage.py worker`: first the role is drawn, so that each has the same chance."""

    name, every = "worker", 2.0

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.family: list[Found] = []

    def is_complete(self) -> bool:
        """Every role is there."""
        return self._alive().keys() >= set(ROLES)

    def kill(self, dice: random.Random) -> str:
        """Kill one process. A killed supervisor takes its group with it, and is started again at once."""
        alive = self._alive()
        if not alive:
            return ""
        role = dice.choice(sorted(alive))
        victim = dice.choice(alive[role])
        supervisor = self.installation.pid("worker")
        family = processes.below(supervisor)
        processes.send(victim.pid, signal.SIGKILL)
        if victim.pid == supervisor:
            self.installation.running.pop("worker").wait()
            self.family += family
            self.installation.start_again("worker")
        return role

    def departing(self) -> list[Found]:
        """The group of a supervisor that was killed."""
        family, self.family = self.family, []
        return family

    def _alive(self) -> Mapping[str, Sequence[Found]]:
        by_role: dict[str, list[Found]] = {}
        for found in processes.below(self.installation.pid("worker")):
            by_role.setdefault(found.role if found.role in ROLES else NAMELESS, []).append(found)
        return by_role


class Web:
    """The web server: its master or the process that serves."""

    name, every = "web", 5.0

    def __init__(self, installation: Installation, port: int) -> None:
        self.installation, self.port = installation, port
        self.family: list[Found] = []

    def is_complete(self) -> bool:
        """It takes connections and has a process that serves."""
        if self.installation.revive("web"):
            return False
        has_worker = len(processes.below(self.installation.pid("web"))) > 1
        return has_worker and _listens(self.port)

    def kill(self, dice: random.Random) -> str:
        """Kill the master, which orphans the other, or the other, which the master replaces."""
        family = processes.below(self.installation.pid("web"))
        if not family:
            return ""
        victim = dice.choice(family)
        processes.send(victim.pid, signal.SIGKILL)
        if victim.pid != self.installation.pid("web"):
            return "server"
        self.family += [found for found in family if found.pid != victim.pid]
        return "master"

    def departing(self) -> list[Found]:
        """The servers of a master that was killed."""
        family, self.family = self.family, []
        return family


class Endpoint:
    """The local AWS endpoint, which goes on from its journal."""

    name, every = "endpoint", 8.0

    def __init__(self, installation: Installation) -> None:
        self.installation = installation

    def is_complete(self) -> bool:
        """It answers."""
        if self.installation.revive("simulator"):
            return False
        return self.installation.control.answers()

    def kill(self, _dice: random.Random) -> str:
        """Kill it in the middle of whatever it answers."""
        processes.send(self.installation.pid("simulator"), signal.SIGKILL)
        self.installation.running["simulator"].wait()
        return "process"

    def departing(self) -> list[Found]:
        """It has only one process."""
        return []


class Database:
    """PostgreSQL: one backend, the postmaster, everything."""

    name, every = "postgresql", 7.0

    def __init__(self, installation: Installation) -> None:
        self.database = installation.database

    def is_complete(self) -> bool:
        """It takes connections."""
        return self.database.is_up()

    def kill(self, dice: random.Random) -> str:
        """Hit it in one of its ways."""
        kind = dice.choice(list(self.database.kinds))
        return kind if self.database.hit(kind) else ""

    def departing(self) -> list[Found]:
        """PostgreSQL sees to its own."""
        return []


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
