"""How often to ask DRS about jobs."""

from collections.abc import Iterable
from datetime import datetime

YOUNG_SECONDS = 30
OLD_SECONDS = 20 * 60


def interval(jobs: Iterable[tuple[datetime, bool]], now: datetime, *, fast: float, normal: float, slow: float) -> float:
    """Return the seconds until the next poll for jobs as (created, is ending).

    Fast while a job is young or about to end, slow when all have run for long, normal otherwise.
    """
    ages = [((now - created).total_seconds(), is_ending) for created, is_ending in jobs]
    if not ages or any(age < YOUNG_SECONDS or is_ending for age, is_ending in ages):
        return fast
    return slow if all(age > OLD_SECONDS for age, _ in ages) else normal


def back_off(failures: int, first: float, limit: float) -> float:
    """Return the seconds to wait after `failures` failures in a row: doubling, up to `limit`."""
    return min(limit, first * float(2 ** min(failures, 16)))
