"""Virtual time: seconds since 1970 that can stand still, jump, or run faster than the wall."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock, local


class _Held(local):
    moment: float | None = None


class VirtualClock:
    """Starts at the real time. Speed 0 is frozen, 1 is real time, 60 turns a second into a minute.

    It only hurries while jobs are running: otherwise a demo that stays open would be days ahead of the wall.
    What it shows follows from the wall and four numbers, so it can be taken up again after a restart.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self._lock = Lock()
        self._held = _Held()
        self.restart(speed)

    def restart(self, speed: float) -> None:
        """Go back to the real time, or to the moment held, with no job running."""
        with self._lock:
            self._speed, self._busy_until = float(speed), 0.0
            self._virtual_start, self._real_start = self._held.moment or time.time(), time.monotonic()

    def resume(self, moment: float, wall: float) -> None:
        """Go on from `moment`, which it was when the wall said `wall`: time also passes while nobody is at home."""
        with self._lock:
            self._virtual_start = moment
            self._real_start = time.monotonic() - max(0.0, time.time() - wall)

    @property
    def speed(self) -> float:
        """Virtual seconds per real second while jobs are running."""
        return self._speed

    @property
    def busy_until(self) -> float:
        """When the last job ends, as far as it is known."""
        return self._busy_until

    def now(self) -> float:
        """The virtual time. Compare these numbers, never their written form, which is rounded."""
        if self._held.moment is not None:
            return self._held.moment
        with self._lock:
            return self._now()

    @contextmanager
    def hold(self, moment: float | None = None) -> Iterator[float]:
        """Let time stand still for this thread while it answers one request, at `moment` when it is repeated."""
        outer = self._held.moment
        held = self.now() if moment is None else moment
        self._held.moment = held
        try:
            yield held
        finally:
            self._held.moment = outer

    def _now(self) -> float:
        """Full speed until the last job has ended, no faster than the wall from then on."""
        elapsed = time.monotonic() - self._real_start
        hurried = self._virtual_start + elapsed * self._speed
        if self._speed <= 1 or hurried <= self._busy_until:
            return hurried
        busy = max(0.0, self._busy_until - self._virtual_start)
        return self._virtual_start + busy + elapsed - busy / self._speed

    def _start_from(self, moment: float) -> None:
        self._virtual_start, self._real_start = moment, time.monotonic()

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on, or from the moment held: nobody may have seen a later one."""
        with self._lock:
            self._start_from(self._held.moment or self._now())
            self._speed = float(speed)

    def stay_busy_until(self, moment: float) -> None:
        """Say until when jobs are running."""
        with self._lock:
            if moment > self._busy_until:
                self._start_from(self._now())
                self._busy_until = moment

    def advance(self, seconds: float) -> None:
        """Jump forward."""
        with self._lock:
            self._start_from((self._held.moment or self._now()) + float(seconds))
            if self._held.moment is not None:
                self._held.moment += float(seconds)


def write_timestamp(moment: float) -> str:
    """Wire form that real DRS uses: `2024-09-16T04:42:46.324841+00:00`, although its model asks for a `Z`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")


def read_timestamp(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 timestamp that passed the model check. Raises ValueError for 30 February."""
    return datetime.fromisoformat(text).timestamp()
