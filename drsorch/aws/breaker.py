"""Places that have stopped to answer: nobody waits for them, but one request at a time that finds out.

A Region whose packets vanish costs every request its whole time-out, and with it the worker that waits. One breaker per
account, Region and service, in each process.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0

Key = tuple[str, str, str]


@dataclass(slots=True)
class Silence:
    """A place that has not answered: how often in a row, since when (UTC), and when it is asked again (monotonic)."""

    since: datetime
    misses: int = 0
    reason: str = ""
    probe_at: float = 0.0
    is_probed: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not sent: what happened, and when the next one may try; None while one tries."""

    misses: int
    since: datetime
    reason: str
    probe_at: datetime | None

    def __str__(self) -> str:
        next_one = f"is let through at {self.probe_at:%H:%M:%S} UTC" if self.probe_at else "is finding out now"
        return (
            f"has not answered since {self.since:%H:%M:%S} UTC, {self.misses} times in a row ({self.reason}). One "
            f"request {next_one}."
        )


class Breaker:
    """The places of this process that do not answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.forget()

    def forget(self) -> None:
        """Start anew, with a new lock, as a process must after a fork."""
        self._lock = threading.Lock()
        self._silent: dict[Key, Silence] = {}

    def admit(self, key: Key, *, limit: int) -> Refusal | bool:
        """Return why a request may not be sent, else whether it is the one that finds out.

        A place is taken for silent after `limit` misses in a row. Whoever was told True must call `settle` in the end.
        """
        with self._lock:
            silence = self._silent.get(key)
            if silence is None or silence.misses < limit:
                return False
            seconds = silence.probe_at - self._clock()
            if silence.is_probed or seconds > 0:
                probe_at = None if silence.is_probed else datetime.now(UTC) + timedelta(seconds=seconds)
                return Refusal(silence.misses, silence.since, silence.reason, probe_at)
            silence.is_probed = True
            return True

    def settle(self, key: Key) -> None:
        """Let the next one find out, unless the place was heard meanwhile."""
        with self._lock:
            if key in self._silent:
                self._silent[key].is_probed = False

    def missed(self, key: Key, reason: str, *, limit: int) -> None:
        """No answer came, for `reason`. From the limit on, each miss doubles the pause."""
        with self._lock:
            silence = self._silent.setdefault(key, Silence(datetime.now(UTC)))
            silence.misses, silence.reason = silence.misses + 1, reason
            pause = FIRST_PAUSE_SECONDS * 2.0 ** min(max(silence.misses - limit, 0), 16)
            silence.probe_at = self._clock() + min(LONGEST_PAUSE_SECONDS, pause)

    def heard(self, key: Key) -> None:
        """AWS answered, whatever it said: ask as usual."""
        with self._lock:
            self._silent.pop(key, None)
