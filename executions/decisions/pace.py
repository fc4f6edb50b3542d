"""How often to ask DRS about jobs."""

from collections.abc import Iterable
from datetime import datetime

YOUNG_SECONDS = 30
OLD_SECONDS = 20 * 60


def interval(jobs: Iterable[tuple[datetime, bool]], now: datetime, *, fast: float, normal: float, slow: float) -> float:
    """Return the seconds until the next poll for jobs as (created, is ending).

    A single job is asked about fast while it is young or about to end, slowly when it has run for long, normally
    otherwise. Many share one poll that comes as often as they want on average: however many there are, a place is
    asked as often as with one.
    """
    rates = [1 / _wanted((now - created).total_seconds(), is_ending, fast, normal, slow) for created, is_ending in jobs]
    return len(rates) / sum(rates) if rates else fast


def _wanted(age: float, is_ending: bool, fast: float, normal: float, slow: float) -> float:
    if age < YOUNG_SECONDS or is_ending:
        return fast
    return slow if age > OLD_SECONDS else normal


def back_off(failures: int, first: float, limit: float) -> float:
    """Return the seconds to wait after `failures` failures in a row: doubling, up to `limit`."""
    return min(limit, first * float(2 ** min(failures, 16)))
