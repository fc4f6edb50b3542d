"""How often which operation was called, in total and per account and Region."""

from collections import Counter
from threading import Lock


class RequestCounters:
    """Counts every signed request, also those that a fault or a missing permission refuses."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def count(self, account: str, region: str, operation: str) -> None:
        """Count one request; `operation` is written `drs.StartRecovery`."""
        with self._lock:
            self._counts[account, region, operation] += 1

    def reset(self) -> None:
        """Start again from zero."""
        with self._lock:
            self._counts.clear()

    def report(self) -> dict[str, dict[str, object]]:
        """`total` per operation, and `by_place`: account/Region -> operation -> count."""
        with self._lock:
            counts = dict(self._counts)
        total: Counter[str] = Counter()
        by_place: dict[str, dict[str, int]] = {}
        for (account, region, operation), number in sorted(counts.items()):
            total[operation] += number
            by_place.setdefault(f"{account}/{region}", {})[operation] = number
        return {"total": dict(total), "by_place": dict(by_place)}
