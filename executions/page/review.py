"""What a person should know before starting: where, how many, how old the data are, and what speaks against it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.urls import reverse

from drsorch.errors import UserError
from executions.readiness import Look
from protection.models import SourceServer

Key = tuple[str, ...]
MANY = 3
SHOWN = 8  # problems in view; the rest unfold


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that the inventory says about several servers at once."""

    tone: str
    text: str
    servers: list[str]
    link: str = ""


class Review:
    """A plan as it would run now, and the refusal when a start was tried and refused."""

    def __init__(self, look: Look, refusal: UserError | None = None) -> None:
        self.plan = look.plan
        self.waves = look.waves
        self.servers = look.servers
        self.refusal = refusal

    @property
    def sentence(self) -> str:
        """What was refused, and why. Many servers that are in use are counted here and named below."""
        if self.refusal is None:
            return ""
        if self.problems:
            count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
            return f"{self.plan} is not ready: {count}. Nothing was started."
        held = self.refusal.details.get("servers", ())
        if len(held) > MANY:
            return f"{len(held)} servers are in use, as listed below. Wait until that has ended, or cancel it."
        return self.refusal.message

    @property
    def problems(self) -> list[str]:
        """What the refusal lists, when it lists more than its sentence can hold."""
        found = self.refusal.details.get("problems", []) if self.refusal else []
        return list(found)

    @property
    def problems_in_view(self) -> list[str]:
        """The first of them."""
        return self.problems[:SHOWN]

    @property
    def problems_folded(self) -> list[str]:
        """The rest."""
        return self.problems[SHOWN:]

    @property
    def running_at(self) -> str:
        """Where the plan's running execution is; empty when it does not run."""
        running = self.plan.active_execution
        return reverse("executions:detail", args=[running]) if running else ""

    @property
    def oldest_data_at(self) -> datetime | None:
        """When the server that was read longest ago was read."""
        return min((server.synced_at for server in self.servers), default=None)

    @property
    def longest_lag(self) -> int | None:
        """The worst lag of its servers in seconds: a drill launches from snapshots as old."""
        return max((server.lag_seconds for server in self.servers if server.lag_seconds is not None), default=None)

    @cached_property
    def doubts(self) -> list[Doubt]:
        """What the inventory speaks against a start, server by server but said once for all that share it."""
        return [*self._in_use(), *self._ailing(), *self._recovered()]

    def _in_use(self) -> Iterable[Doubt]:
        held = [server for server in self.servers if hasattr(server, "hold")]
        for (label, link), names in _grouped(held, lambda server: (server.hold.label, server.hold.link)):
            yield Doubt("error", f"{_servers(names)} in use by {label}", names, link)

    def _ailing(self) -> Iterable[Doubt]:
        ailing = [server for server in self.servers if not server.is_launchable]
        for (label,), names in _grouped(ailing, lambda server: (server.replication_label.lower(),)):
            yield Doubt("error", f"{_servers(names)} not replicating: {label}", names)

    def _recovered(self) -> Iterable[Doubt]:
        """DRS knows one recovery instance of a server: its job log shows a clean-up before it launches another."""
        names = [str(server) for server in self.servers if server.recovery_instance_id]
        if names:
            has = "1 server has" if len(names) == 1 else f"{len(names)} servers have"
            yield Doubt("warn", f"{has} a recovery instance already, which a new launch replaces", names)


def _grouped(servers: Iterable[SourceServer], by: Callable[[SourceServer], Key]) -> list[tuple[Key, list[str]]]:
    groups: dict[Key, list[str]] = defaultdict(list)
    for server in servers:
        groups[by(server)].append(str(server))
    return sorted(groups.items())


def _servers(names: list[str]) -> str:
    return "1 server is" if len(names) == 1 else f"{len(names)} servers are"
