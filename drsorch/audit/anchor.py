"""The anchor: the head of the chain, kept in a file outside the database, so that a cut tail is found.

An anchor only moves on, and only along the chain that it is on. One that does not fit is left as it is: it is the
evidence that something was cut off or put back, and `manage.py audit_verify` says so.
"""

import fcntl
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.utils import timezone

from drsorch.audit import chain, segments
from drsorch.audit.disk import placed
from drsorch.audit.models import HEAD, AuditAnchor, AuditEvent, AuditHead

logger = logging.getLogger(__name__)


class BrokenAnchor(RuntimeError):
    """The anchor does not fit the chain, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The event that was the last one when the anchor was written."""

    sequence: int
    hmac: str
    at: str


class _Pace(threading.local):
    """When this thread may write again, as time.monotonic() tells."""

    due_at = 0.0


_pace = _Pace()


def follow() -> None:
    """Move the anchor on after a commit, unless it was moved AUDIT_ANCHOR_SECONDS ago or less. What fails is logged.

    The change is committed by now: it must not look as if it had failed.
    """
    if not settings.AUDIT_ANCHOR_FILE or time.monotonic() < _pace.due_at:
        return
    _pace.due_at = time.monotonic() + settings.AUDIT_ANCHOR_SECONDS
    try:
        write()
    except (BrokenAnchor, OSError, DatabaseFailure) as error:
        logger.error("The anchor of the audit trail was not moved on: %s", error)


def write() -> Anchor | None:
    """Move the anchor on to the head of the chain and return it; None when there is nothing to anchor, or nowhere.

    Must be called outside a transaction. Raises BrokenAnchor, and OSError when the file cannot be written.
    """
    path = file()
    if path is None:
        return None
    with _alone(path):
        head = AuditHead.objects.filter(pk=HEAD).first()
        known = read(path)
        _refuse_unless_it_fits(known, path)
        if head is None or not head.sequence:
            return None
        if known is None or known.sequence < head.sequence:
            known = Anchor(head.sequence, head.hmac, chain.written(timezone.now()))
            _save(path, known)
        _remember(known)
    return known


def begin_anew() -> Anchor | None:
    """Put the anchor that does not fit aside, and begin a new one. The caller has verified the chain itself."""
    path = file()
    if path is None:
        return None
    with _alone(path):
        if path.exists():
            path.rename(path.with_name(f"{path.name}.{timezone.now():%Y%m%dT%H%M%S%f}"))
        AuditAnchor.objects.filter(place=place(path)).delete()
    return write()


def file() -> Path | None:
    """Return where the anchor is kept, or None when none is to be kept on this host."""
    return Path(settings.AUDIT_ANCHOR_FILE) if settings.AUDIT_ANCHOR_FILE else None


def place(path: Path) -> str:
    """Return the name under which the database remembers the anchor at `path` of this host."""
    return f"{socket.gethostname()}:{path.absolute()}"


def read(path: Path) -> Anchor | None:
    """Return the anchor at `path`, None when there is none. Raises BrokenAnchor when it is not what was written."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        anchor = Anchor(int(said["sequence"]), str(said["hmac"]), str(said["at"]))
        datetime.fromisoformat(anchor.at)
        signature = str(said["signature"])
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise BrokenAnchor(f"The anchor {path} cannot be read: it is not what was written.") from error
    if not any(chain.is_sealed(asdict(anchor), signature, key) for key in keys()):
        raise BrokenAnchor(f"The anchor {path} was changed: its signature does not fit what it says.")
    return anchor


def keys() -> list[str]:
    """Return the key that seals, and those that sealed before it, newest first."""
    return [settings.AUDIT_KEY, *settings.AUDIT_OLD_KEYS]


def misfit(known: Anchor | None, path: Path) -> str:
    """Return what is wrong with the anchor in comparison with what was written there last, or nothing."""
    row = AuditAnchor.objects.filter(place=place(path)).first()
    if row is None:
        return ""
    if known is None:
        return f"The anchor {path} is gone: it held event {row.sequence}."
    if known.sequence < row.sequence:
        return f"The anchor {path} was rewound: it holds event {known.sequence}, and held event {row.sequence}."
    return ""


def sentence() -> str:
    """Return what the anchor of this host holds, or what is wrong with it, in a sentence."""
    path = file()
    if path is None:
        return "No anchor is kept on this host: AUDIT_ANCHOR_FILE is empty."
    try:
        known = read(path)
    except BrokenAnchor as error:
        return str(error)
    except OSError as error:
        return f"The anchor {path} cannot be read: {error.strerror}."
    if known is None:
        return misfit(known, path) or f"There is no anchor at {path} yet."
    return misfit(known, path) or f"The anchor {path} holds event {known.sequence}, written {known.at}."


def _refuse_unless_it_fits(known: Anchor | None, path: Path) -> None:
    wrong = misfit(known, path)
    if wrong:
        raise BrokenAnchor(wrong)
    if known and not _is_in_the_chain(known, path):
        raise BrokenAnchor(f"The anchor {path} holds event {known.sequence}, which is not in the chain (any more).")


def _is_in_the_chain(known: Anchor, path: Path) -> bool:
    """Say whether the event is in the table, or has left it with a segment."""
    if AuditEvent.objects.filter(sequence=known.sequence, hmac=known.hmac).exists():
        return True
    try:
        return segments.has_left(known.sequence, known.hmac)
    except (segments.BrokenFile, OSError) as error:
        raise BrokenAnchor(
            f"The anchor {path} holds event {known.sequence}, which cannot be compared with its segment: {error}"
        ) from error


def _remember(anchor: Anchor) -> None:
    path = file()
    facts: Mapping[str, object] = {"sequence": anchor.sequence, "hmac": anchor.hmac, "at": timezone.now()}
    if path is not None:
        AuditAnchor.objects.update_or_create(place=place(path), defaults=facts)


def _save(path: Path, anchor: Anchor) -> None:
    """Replace the file in one step, and have it on the disk: half an anchor, or none, would be an alarm."""
    said = asdict(anchor) | {"signature": chain.seal(asdict(anchor), settings.AUDIT_KEY)}
    with placed(path) as opened:
        opened.write(json.dumps(said).encode())
    logger.info("The audit trail is anchored", extra={"sequence": anchor.sequence, "hmac": anchor.hmac})


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time look at the anchor and move it: the slower of two must not move it back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
