"""Moments in filters."""

from typing import Any

from drsorch.simulator.clock import read_timestamp
from drsorch.simulator.errors import invalid


def read_moment(filters: dict[str, Any], name: str, default: float) -> float:
    """Seconds since 1970 of a filter, or the default. Raises ValidationException for 30 February."""
    if name not in filters:
        return default
    try:
        return read_timestamp(filters[name])
    except ValueError:
        problem = "is not a moment that exists"
        raise invalid(f"filters.{name} {problem}", (f"filters.{name}", problem)) from None
