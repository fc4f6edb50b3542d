"""Rows of the report, and percentiles."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured thing; `goal` is empty when none was set."""

    what: str
    measured: str
    goal: str = ""
    is_met: bool | None = None


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that `part` (0 to 1) of `values` do not exceed, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(part * len(ordered) + 0.5) - 1))]


def milliseconds(values: Sequence[float], digits: int = 0) -> str:
    """Return p50 and p95 of `values` (seconds) in words."""
    p50, p95 = (percentile(values, part) * 1000 for part in (0.5, 0.95))
    return f"p50 {p50:.{digits}f} ms, p95 {p95:.{digits}f} ms"
