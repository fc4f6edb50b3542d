"""What a provider publishes, kept in memory: its description and its keys."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

from drsorch.access.oidc.asking import ProviderFailed

FRESH_SECONDS = 3600
LONGEST_SECONDS = 24 * 3600  # used for so long while it cannot be read again
# At most so often: whoever sends tokens with unknown keys does not make us ask for each of them.
READ_EVERY_SECONDS = 30
TRY_EVERY_SECONDS = 3  # as long as nothing is known

log = logging.getLogger(__name__)
Value = TypeVar("Value")


@dataclass
class _Entry(Generic[Value]):
    lock: Lock = field(default_factory=Lock)
    value: Value | None = None
    read_at: float = 0.0  # of the monotonic clock
    tried_at: float = float("-inf")
    failure: str = ""

    def is_usable(self) -> bool:
        """Say whether something is known that is not too old to go on with."""
        return self.value is not None and monotonic() - self.read_at < LONGEST_SECONDS


class Kept(Generic[Value]):
    """Values by address, read with `read` when they are needed. For all threads of a process."""

    def __init__(self, read: Callable[[str], Value]) -> None:
        self._read = read
        self._entries: dict[str, _Entry[Value]] = {}

    def get(self, address: str) -> Value:
        """Return the value, at most an hour old, or a day while it cannot be read. Raises ProviderFailed."""
        entry = self._entries.setdefault(address, _Entry())
        age = monotonic() - entry.read_at
        # One thread reads it again; the others do not wait for a provider that may be down.
        if entry.value is not None and age < (LONGEST_SECONDS if entry.lock.locked() else FRESH_SECONDS):
            return entry.value
        return self._renewed(entry, address)

    def newer(self, address: str) -> Value:
        """Return the value read again, unless that was tried a moment ago. Raises ProviderFailed."""
        return self._renewed(self._entries.setdefault(address, _Entry()), address)

    def forget(self) -> None:
        """Start afresh, as a new process would."""
        self._entries.clear()

    def _renewed(self, entry: _Entry[Value], address: str) -> Value:
        # Whoever could go on with what is known does not wait for another thread that asks.
        if entry.lock.acquire(blocking=not entry.is_usable()):
            try:
                self._try_in_turn(entry, address)
            finally:
                entry.lock.release()
        if entry.value is not None and entry.is_usable():
            return entry.value
        raise ProviderFailed(entry.failure, address)

    def _try_in_turn(self, entry: _Entry[Value], address: str) -> None:
        every = TRY_EVERY_SECONDS if entry.value is None else READ_EVERY_SECONDS
        if monotonic() - entry.tried_at >= every:
            self._try(entry, address)

    def _try(self, entry: _Entry[Value], address: str) -> None:
        try:
            entry.value = self._read(address)
            entry.read_at, entry.failure = monotonic(), ""
        except ProviderFailed as failure:
            log.warning("The identity provider could not be read: %s %s", address, failure.what)
            entry.failure = failure.what
        entry.tried_at = monotonic()
