"""What is measured where: each suite has a world, a database and parts. Needs no Django settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """What was asked for; no `parts` means all."""

    parts: tuple[str, ...]
    executions: int
    load_speed: float
    window: float
    history: int
    only: str = ""


@dataclass(frozen=True)
class Suite:
    """`worker` are those of its `parts` that need a worker, in the order in which they run."""

    title: str
    parts: tuple[str, ...]
    worker: tuple[str, ...] = ()
    world: tuple[str, ...] = ("bench",)
    is_postgresql: bool = False

    def wanted(self, parts: tuple[str, ...]) -> list[str]:
        """Return which of its parts were asked for, in its order."""
        return [part for part in self.parts if not parts or part in parts]


# Parts with a worker come first, while there is nothing else for it to do.
SUITES = {
    "sqlite": Suite(
        "SQLite (WAL, `synchronous` FULL)",
        ("queue", "latency", "reads", "step", "tokens", "evidence", "pages", "calls", "demo"),
        worker=("queue", "latency", "reads"),
    ),
    "postgresql": Suite(
        "PostgreSQL, a cluster of its own with default settings",
        ("latency", "step", "tokens", "evidence"),
        worker=("latency",),
        is_postgresql=True,
    ),
    "size": Suite("Many rows against a hundredth of them, on SQLite", ("size",)),
    "size-postgresql": Suite("Many rows against a hundredth of them, on PostgreSQL", ("size",), is_postgresql=True),
    "load": Suite("Many executions at once, on SQLite", ("load",), worker=("load",), world=("estate",)),
    "load-postgresql": Suite(
        "Many executions at once, on PostgreSQL",
        ("load",),
        worker=("load",),
        world=("estate",),
        is_postgresql=True,
    ),
}
