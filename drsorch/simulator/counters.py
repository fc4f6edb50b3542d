"""How often which operation was called, in total and per account and Region."""

import os
import struct
from collections import Counter
from pathlib import Path
from threading import Lock

NAME_BYTES, NUMBER = 248, struct.Struct("<Q")
SLOT_BYTES = NAME_BYTES + NUMBER.size
Key = tuple[str, str, str]


class RequestCounters:
    """Counts every signed request, also those that a fault or a missing permission refuses.

    With a file, each counter has a slot of 256 bytes in it that is written over in place: reads are counted too, and
    a journal that grew with every read would never stop growing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = Lock()
        self._counts: Counter[Key] = Counter()
        self._slots: dict[Key, int] = {}
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) if path else None

    def load(self) -> None:
        """Go on from what the file says; a slot that was only half written is dropped."""
        if self._file is None:
            return
        content = os.pread(self._file, os.fstat(self._file).st_size, 0)
        with self._lock:
            for start in range(0, len(content) - SLOT_BYTES + 1, SLOT_BYTES):
                name = content[start : start + NAME_BYTES].rstrip(b"\0").decode("utf-8", "replace")
                account, region, operation = name.split(" ", 2)
                key = account, region, operation
                self._slots[key] = start
                (self._counts[key],) = NUMBER.unpack_from(content, start + NAME_BYTES)

    def count(self, account: str, region: str, operation: str) -> None:
        """Count one request; `operation` is written `drs.StartRecovery`."""
        key = account, region, operation
        with self._lock:
            self._counts[key] += 1
            if self._file is not None:
                self._write(self._file, key)

    def _write(self, file: int, key: Key) -> None:
        number = NUMBER.pack(self._counts[key])
        slot = self._slots.get(key)
        if slot is not None:
            os.pwrite(file, number, slot + NAME_BYTES)
            return
        slot = self._slots[key] = len(self._slots) * SLOT_BYTES
        os.pwrite(file, " ".join(key).encode()[:NAME_BYTES].ljust(NAME_BYTES, b"\0") + number, slot)

    def reset(self) -> None:
        """Start again from zero."""
        with self._lock:
            self._counts.clear()
            self._slots.clear()
            if self._file is not None:
                os.ftruncate(self._file, 0)

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

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
