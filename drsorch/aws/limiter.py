"""How fast AWS is asked: one token bucket per account, Region and service, launching first."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

# AWS does not publish the API request rates of DRS, so the bucket starts from a setting and learns from throttling.
LOWEST_SHARE = 1 / 32  # of the configured rate, however often AWS throttles
RECOVERY_PER_SECOND = 0.05  # of the configured rate
ONE_BURST_SECONDS = 1.0  # several requests throttled at once are one message, not several
INVENTORY_HANDICAP_SECONDS = 2.0  # an inventory request yields to polls younger than this, and to no other
RESERVED_SHARE = 0.2  # of the burst, kept free so that a launch never finds the bucket empty

Key = tuple[str, str, str]


class Priority(IntEnum):
    """Who goes first when requests wait."""

    LAUNCH = 0
    POLL = 1
    INVENTORY = 2


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """A place in the queue; the smallest is served first."""

    rank: int
    due: float
    number: int
    priority: Priority = field(compare=False)


class Bucket:
    """The tokens and the queue of one account, Region and service. Pure: every method is told the time."""

    def __init__(self, now: float, burst: float) -> None:
        self.share = 1.0
        self._tokens = max(burst, 1.0)
        self._filled_at = now
        self._slowed_at = float("-inf")
        self._queue: list[Ticket] = []
        self._numbers = itertools.count()

    def join(self, priority: Priority, now: float) -> Ticket:
        """Stand in the queue. Launches stand before all others; an inventory request lets younger polls pass."""
        handicap = INVENTORY_HANDICAP_SECONDS if priority is Priority.INVENTORY else 0.0
        rank = 0 if priority is Priority.LAUNCH else 1
        ticket = Ticket(rank, now + handicap, next(self._numbers), priority)
        self._queue.append(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give up a place in the queue."""
        self._queue.remove(ticket)

    def ask(self, ticket: Ticket, now: float, *, rate: float, burst: float) -> float:
        """Return 0.0 when `ticket` was served, and has left the queue, else the seconds to wait before asking again."""
        burst = max(burst, 1.0)
        self._fill(now, rate, burst)
        before = sum(other < ticket for other in self._queue)
        reserved = 0.0 if ticket.priority is Priority.LAUNCH else float(int(burst * RESERVED_SHARE))
        missing = before + 1.0 + reserved - self._tokens
        if before == 0 and missing <= 0:
            self._tokens -= 1.0
            self.leave(ticket)
            return 0.0
        return max(missing, 0.01) / (rate * self.share)

    def slow_down(self, now: float) -> None:
        """AWS throttled a request: halve the rate and start from an empty bucket."""
        if now - self._slowed_at < ONE_BURST_SECONDS:
            return
        self._slowed_at = now
        self.share = max(self.share / 2, LOWEST_SHARE)
        self._tokens = min(self._tokens, 0.0)

    def _fill(self, now: float, rate: float, burst: float) -> None:
        seconds = max(now - self._filled_at, 0.0)
        self._filled_at = now
        self._tokens = min(burst, self._tokens + seconds * rate * self.share)
        self.share = min(1.0, self.share + seconds * RECOVERY_PER_SECOND)


def pause(condition: threading.Condition, seconds: float) -> None:
    """Wait until another request was served or `seconds` are over."""
    condition.wait(seconds)


class Limiter:
    """All buckets of this process. Other processes have their own: a rate is per process, not per installation."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[threading.Condition, float], None] = pause,
    ) -> None:
        self._clock = clock
        self._pause = pause
        self.forget()

    def forget(self) -> None:
        """Start anew, with new locks, as a process must after a fork."""
        self._lock = threading.Lock()
        self._buckets: dict[Key, tuple[Bucket, threading.Condition]] = {}

    def acquire(self, key: Key, priority: Priority, *, rate: float, burst: float, patience: float) -> bool:
        """Take a token, waiting up to `patience` seconds. False: none will be free in time, and none was taken.

        `rate` is in requests per second. A wait that cannot succeed is given up at once.
        """
        rate = max(rate, 0.01)
        bucket, condition = self._bucket(key, burst)
        with condition:
            give_up_at = self._clock() + patience
            ticket = bucket.join(priority, self._clock())
            while True:
                now = self._clock()
                seconds = bucket.ask(ticket, now, rate=rate, burst=burst)
                if not seconds:
                    condition.notify_all()
                    return True
                if now + seconds > give_up_at:
                    bucket.leave(ticket)
                    condition.notify_all()
                    return False
                self._pause(condition, seconds)

    def slow_down(self, key: Key) -> None:
        """Tell the bucket of `key` that AWS throttled a request."""
        bucket, condition = self._bucket(key, 1.0)
        with condition:
            bucket.slow_down(self._clock())

    def share(self, key: Key) -> float:
        """Return the part of the configured rate that `key` may use now, 0 to 1."""
        bucket, condition = self._bucket(key, 1.0)
        with condition:
            return bucket.share

    def _bucket(self, key: Key, burst: float) -> tuple[Bucket, threading.Condition]:
        with self._lock:
            if key not in self._buckets:
                self._buckets[key] = Bucket(self._clock(), burst), threading.Condition()
            return self._buckets[key]
