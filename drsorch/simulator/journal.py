"""The journal: what the simulated AWS was asked to change, so that it can be asked again after a restart.

Append-only, one JSON document per line, written with one system call before the answer leaves; what was answered is
therefore still there after `kill -9`. No fsync: it is the process that is killed, not the machine.

Requests are kept, not states. A snapshot of moto's EC2 after each change would cost 3 ms per 100 instances and grow
with them, would also be due after reads (time passes when somebody looks), and would tie the file to moto's internals,
where backends point at each other. A request is a line of its own size, costs some 50 microseconds, covers every
service of moto alike, and can be repeated exactly because nothing depends on anything but requests, virtual time and
a seed:
- all chance is drawn from the seed of the line (`dice`), steps of jobs from their own;
- virtual time is held at the time of the line, and whatever was due until then happens first;
- which fault rules hit is written down, not diced again.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

FORMAT = 1
Entry = dict[str, Any]


class JournalBroken(Exception):
    """The journal cannot be used; the message names the file and says what to do."""


class Journal:
    """One file, or none: without a path nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._file: int | None = None
        if path is not None:
            try:
                self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            except OSError as problem:
                raise JournalBroken(f"The journal {path} cannot be opened: {problem.strerror}.") from problem
            self._lock_file(self._file)

    def _lock_file(self, file: int) -> None:
        """Two writers would tear each other's history apart; the lock ends with its process, however that ends."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise JournalBroken(f"The journal {self.path} is in use by another simulator. Name another file.") from None

    def read(self) -> list[Entry]:
        """All entries, the first being the beginning. A last line that was only half written is cut off.

        Raises JournalBroken when any other line makes no sense.
        """
        if self._file is None:
            return []
        content = os.pread(self._file, os.fstat(self._file).st_size, 0)
        whole, _, torn = content.rpartition(b"\n")
        if torn:
            os.ftruncate(self._file, len(content) - len(torn))
        entries = [self._parse(line, number) for number, line in enumerate(whole.splitlines(), start=1)]
        if entries and (entries[0].get("do") != "begin" or entries[0].get("format") != FORMAT):
            raise JournalBroken(f"{self.path} is no journal of this version of the simulator. Name another file.")
        return entries

    def _parse(self, line: bytes, number: int) -> Entry:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            raise JournalBroken(f"Line {number} of the journal {self.path} is broken. Remove the file to begin anew.")
        return entry

    def begin(self, entry: Entry) -> None:
        """Forget everything and start with this entry."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            self.append({"do": "begin", "format": FORMAT, **entry})

    def append(self, entry: Entry) -> None:
        """Keep an entry. It survives the death of this process from the moment in which this returns."""
        if self._file is not None:
            os.write(self._file, json.dumps(entry, separators=(",", ":")).encode() + b"\n")

    @property
    def is_kept(self) -> bool:
        """Whether there is a file at all."""
        return self._file is not None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
