"""Is a worker group alive? Pure judgement from the lines it sent; the clock is passed in."""

from dataclasses import dataclass, field

PARTS = {"guard", "ticker"}  # those that beat


@dataclass
class Vitals:
    """What is known about one worker group. All times are seconds of one monotonic clock."""

    born_at: float
    workers: int
    stall: float
    start_within: float = 120.0  # a crowded host was seen to need 27; too short and a slow start is killed for ever
    ready_at: float | None = None
    last_words: str = ""
    busy: int = 0
    queued: int = 0
    unrecorded: int = 0
    waiting_in_table: bool = False
    seen_at: dict[str, float] = field(default_factory=dict)
    untaken_since: float | None = None
    unrecorded_since: float | None = None

    def hear(self, line: str, now: float) -> bool:
        """Note one line of the group. Returns True when it is the one that makes the group complete."""
        match line.split():
            case ["guard", busy, queued, unrecorded]:
                self.seen_at["guard"] = now
                self.busy, self.queued, self.unrecorded = int(busy), int(queued), int(unrecorded)
            case ["ticker"]:
                self.seen_at["ticker"] = now
            case ["ready", count]:
                self.waiting_in_table = int(count) > 0
            case ["task"]:  # one was started or finished
                self.untaken_since = None
            case ["recorded"]:
                self.unrecorded_since = None
            case ["ending", *words]:
                self.last_words = " ".join(words)
        self._count_from(now)
        if self.ready_at is None and self.seen_at.keys() >= PARTS:
            self.ready_at = now
            return True
        return False

    def verdict(self, now: float) -> str | None:
        """Return why the group must be restarted, as the end of a sentence, or None while it is well.

        A worker inside a call is no stall: its own time-out ends it. Work that nobody takes while a worker is free is.
        """
        if self.ready_at is None:
            late = now - self.born_at > self.start_within
            return f"it did not come up within {self.start_within:g} s" if late else None
        for part, seen_at in self.seen_at.items():
            if now - seen_at > self.stall:
                return f"its {part} gave no sign of life for {self.stall:g} s"
        if self.untaken_since is not None and now - self.untaken_since > self.stall:
            return f"nothing was taken, started or finished for {self.stall:g} s although work is ready"
        if self.unrecorded_since is not None and now - self.unrecorded_since > self.stall:
            return f"finished tasks were not recorded for {self.stall:g} s"
        return None

    def ready_for(self, now: float) -> float | None:
        """Return how many seconds the group has been complete, or None when it never was."""
        return None if self.ready_at is None else now - self.ready_at

    def _count_from(self, now: float) -> None:
        untaken = self.busy < self.workers and (self.queued > 0 or self.waiting_in_table)
        self.untaken_since = (self.untaken_since or now) if untaken else None
        self.unrecorded_since = (self.unrecorded_since or now) if self.unrecorded > 0 else None
