"""How many of everything."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """How many of everything: a group and a plan for each ten servers, and ten executions for each server."""

    executions: int

    @property
    def servers(self) -> int:
        """Source servers in ten accounts of four Regions."""
        return self.executions // 10

    @property
    def plans(self) -> int:
        """Plans, and groups."""
        return self.executions // 100

    def __str__(self) -> str:
        return f"{self.servers:,} servers, {self.plans:,} groups and plans, {self.executions:,} executions"
