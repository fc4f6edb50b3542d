"""Virtual time: seconds since 1970 that can stand still, jump, or run faster than the wall."""

import time
from datetime import UTC, datetime
from threading import Lock


class VirtualClock:
    """Starts at the real time. Speed 0 is frozen, 1 is real time, 60 turns a second into a minute.

    It only hurries while jobs are running: otherwise a demo that stays open would be days ahead of the wall.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._lock = Lock()
        self.restart(speed)

    def restart(self, speed: float) -> None:
        """Go back to the real time, with no job running."""
        with self._lock:
            self._speed, self._is_busy = float(speed), False
            self._virtual_start, self._real_start = time.time(), time.monotonic()

    @property
    def speed(self) -> float:
        """Virtual seconds per real second while jobs are running."""
        return self._speed

    def now(self) -> float:
        """The virtual time. Compare these numbers, never their written form, which is rounded."""
        with self._lock:
            return self._now()

    def _now(self) -> float:
        pace = self._speed if self._is_busy else min(self._speed, 1.0)
        return self._virtual_start + (time.monotonic() - self._real_start) * pace

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on."""
        with self._lock:
            self._virtual_start, self._real_start = self._now(), time.monotonic()
            self._speed = float(speed)

    def set_busy(self, is_busy: bool) -> None:
        """Say whether jobs are running."""
        with self._lock:
            if is_busy != self._is_busy:
                self._virtual_start, self._real_start = self._now(), time.monotonic()
                self._is_busy = is_busy

    def advance(self, seconds: float) -> None:
        """Jump forward."""
        with self._lock:
            self._virtual_start += float(seconds)


def write_timestamp(moment: float) -> str:
    """Wire form that real DRS uses: `2024-09-16T04:42:46.324841+00:00`, although its model asks for a `Z`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")


def read_timestamp(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 timestamp that passed the model check. Raises ValueError for 30 February."""
    return datetime.fromisoformat(text).timestamp()
