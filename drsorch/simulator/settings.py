"""What of the simulated AWS can be adjusted while it runs: quotas, visibility, the age of signatures."""

from dataclasses import dataclass, field, fields
from typing import Any

from drsorch.simulator.errors import BadControlRequest


@dataclass
class Quotas:
    """Service quotas per account and Region; the defaults are AWS's."""

    concurrent_jobs: int = 20
    servers_per_job: int = 100
    servers_in_all_jobs: int = 500
    jobs_per_server: int = 1
    replicating_servers: int = 300
    source_servers: int = 4000
    launch_actions: int = 200
    launch_templates: int = 1
    source_networks: int = 100


@dataclass
class Visibility:
    """How late and how completely AWS shows what has happened."""

    job_invisible_seconds: float = 0
    recovery_instance_late_seconds: float = 0
    job_arn_in_tags: bool = True
    empty_finished_terminate_jobs: bool = False


@dataclass
class Settings:
    """Everything `POST /_sim/settings` can change."""

    signature_window_seconds: float = 300
    quotas: Quotas = field(default_factory=Quotas)
    visibility: Visibility = field(default_factory=Visibility)

    def update(self, changes: dict[str, Any]) -> None:
        """Change the named settings. Raises BadControlRequest before anything is changed when one is wrong."""
        _check(self, changes, "")
        _apply(self, changes)


def _check(part: Any, changes: Any, place: str) -> None:
    if not isinstance(changes, dict):
        raise BadControlRequest(f"The settings {place or 'given'} must be a map.")
    known = {entry.name for entry in fields(part)}
    for name, value in changes.items():
        if name not in known:
            raise BadControlRequest(f"There is no setting {place}{name}; known are {', '.join(sorted(known))}.")
        present = getattr(part, name)
        if hasattr(present, "__dataclass_fields__"):
            _check(present, value, f"{name}.")
        else:
            _check_value(f"{place}{name}", present, value)


def _check_value(name: str, present: Any, value: Any) -> None:
    if isinstance(present, bool):
        if not isinstance(value, bool):
            raise BadControlRequest(f"The setting {name} must be true or false.")
    elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise BadControlRequest(f"The setting {name} must be a number that is not negative.")


def _apply(part: Any, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict):
            _apply(getattr(part, name), value)
        else:
            setattr(part, name, value)
