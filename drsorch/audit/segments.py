"""The file of a segment: what it says in its first line, and the events after it, one a line, as they were sealed.

The first line is the head: the facts of the segment's row, with its seal. So the file can be verified alone, and the
row against the file. Its name has the seal in it: no file takes the place of another.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import index
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from drsorch.audit import chain
from drsorch.audit.disk import placed
from drsorch.audit.export import COLUMNS
from drsorch.audit.models import AuditSegment

# What the seal of a segment covers. Segments that exist are sealed over exactly these.
FACTS = ("first_sequence", "last_sequence", "count", "previous_hash", "last_hash", "sha256", "at", "by")
LONGEST_HEAD = 4096  # bytes


class BrokenFile(RuntimeError):
    """What should be the file of a segment is not what was written."""


class NoEvents(LookupError):
    """There is nothing to write: the events have left the table meanwhile."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in a file: what its head says, and the digest of what follows."""

    head: Mapping[str, Any]
    sha256: str


def path_of(segment: AuditSegment) -> Path:
    """Return where the file of a segment is kept on this host. It is in the folder, whatever the row says."""
    name = f"audit-{segment.first_sequence:012}-{segment.last_sequence:012}-{segment.hmac[:12]}.jsonl"
    return Path(settings.AUDIT_SEGMENT_FOLDER) / Path(name).name


def facts_of(segment: AuditSegment) -> dict[str, Any]:
    """Return what the seal of a segment covers."""
    return {name: getattr(segment, name) for name in FACTS}


def head_of(segment: AuditSegment) -> dict[str, Any]:
    """Return what the head of its file must say."""
    return facts_of(segment) | {"at": chain.written(segment.at), "hmac": segment.hmac}


def write(events: Iterable[Mapping[str, Any]], *, previous_hash: str, by: str) -> AuditSegment:
    """Write the file of `events` (their columns), and return its segment, not yet saved.

    `previous_hash` is the seal of the event before the first. Raises NoEvents, OSError.
    """
    folder = Path(settings.AUDIT_SEGMENT_FOLDER)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sequences: list[int] = []
    digest, last_hash = hashlib.sha256(), ""
    with tempfile.TemporaryFile(dir=folder) as body:  # the head comes first, and is known last
        for event in events:
            line = chain.canonical(event) + b"\n"
            body.write(line)
            digest.update(line)
            sequences.append(event["sequence"])
            last_hash = event["hmac"]
        if not sequences:
            raise NoEvents("There are no events to write. Look again at what is due.")
        segment = AuditSegment(
            first_sequence=sequences[0],
            last_sequence=sequences[-1],
            count=len(sequences),
            previous_hash=previous_hash,
            last_hash=last_hash,
            sha256=digest.hexdigest(),
            at=timezone.now(),
            by=by,
        )
        segment.hmac = chain.seal(facts_of(segment), settings.AUDIT_KEY)
        body.seek(0)
        with placed(path_of(segment)) as opened:
            opened.write(chain.canonical(head_of(segment)) + b"\n")
            shutil.copyfileobj(body, opened)
    return segment


def read(path: Path) -> Kept:
    """Read a file and return what is in it. Raises BrokenFile for one without a head, OSError."""
    with path.open("rb") as opened:
        try:
            head = chain.plain(json.loads(opened.readline(LONGEST_HEAD)))
        except (ValueError, RecursionError):
            head = None
        if not isinstance(head, dict) or head.keys() != {*FACTS, "hmac"}:
            raise BrokenFile(f"The file {path} was changed: its first line is not the head of a segment.")
        return Kept(head, hashlib.file_digest(opened, "sha256").hexdigest())


def events_in(path: Path) -> Iterator[tuple[Any, ...]]:
    """Yield the columns of each event in a file. Raises BrokenFile for a line that is no event, OSError."""
    with path.open("rb") as opened:
        opened.readline(LONGEST_HEAD)
        for number, line in enumerate(opened, start=2):
            try:
                yield _event(line)
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise BrokenFile(f"The file {path} was changed: its line {number} is not an event.") from error


def _event(line: bytes) -> tuple[Any, ...]:
    said = chain.plain(json.loads(line))
    said |= {"at": datetime.fromisoformat(said["at"]), "sequence": index(said["sequence"]), "hmac": str(said["hmac"])}
    return tuple(said[name] for name in COLUMNS)


def hash_in(segment: AuditSegment, sequence: int) -> str:
    """Return the seal of an event that left with `segment`. Raises BrokenFile, OSError."""
    if sequence == segment.last_sequence:
        return segment.last_hash
    path = path_of(segment)
    for *_, mac in islice(events_in(path), sequence - segment.first_sequence, None):
        return str(mac)
    raise BrokenFile(f"The file {path} was changed: it ends before event {sequence}.")


def has_left(sequence: int, mac: str) -> bool:
    """Say whether the event of this number and seal is one that left with a segment. Raises BrokenFile, OSError."""
    segment = AuditSegment.objects.filter(first_sequence__lte=sequence, last_sequence__gte=sequence).first()
    return segment is not None and hash_in(segment, sequence) == mac
