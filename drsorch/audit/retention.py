"""Retention: what is older leaves the table, as the file of a closed segment, and what stays still verifies.

Appending goes on meanwhile: the file is written, read back and verified outside of any transaction, and the head of the
chain is locked last, for the one event that says what left.
"""

import time
from datetime import datetime, timedelta
from itertools import takewhile

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from drsorch.audit import anchor, chain, segments
from drsorch.audit.actor import SCHEDULE
from drsorch.audit.export import rows_of
from drsorch.audit.models import AuditEvent, AuditSegment
from drsorch.audit.record import record
from drsorch.audit.segment_checks import check_file

CLOSE = "close_audit_segment"
LARGEST = 5000  # events in one segment
LEAST_DAYS = 90  # whatever is asked for
SECONDS = 30.0  # a task is ended after 60 s; what is left is done by the next one


class NotClosed(RuntimeError):
    """Events stay in the table, because they, or their file, do not verify, or because they are not anchored."""


def close_segments(*, since: datetime, seconds: float = SECONDS) -> bool:
    """Let the events from before `since` leave, oldest first, for at most `seconds`; return whether that was all.

    Must be called outside a transaction. Events of the last LEAST_DAYS days stay in any case. Raises NotClosed,
    BrokenAnchor, and OSError when a file cannot be written: then what is not closed yet is still in the table.
    """
    until = time.monotonic() + seconds
    since = min(since, timezone.now() - timedelta(days=LEAST_DAYS))
    while last := _last_due(since):
        if time.monotonic() >= until:
            return False
        _close(last)
    return True


def _last_due(since: datetime) -> int:
    """Return the last event of the segment to be closed next, or 0 when none is due."""
    oldest = AuditEvent.objects.order_by("sequence").values_list("sequence", "at", "action")[:LARGEST]
    due = list(takewhile(lambda row: row[1] < since, oldest))
    # Closing is an event, too. Alone it is no reason to close again: an idle installation would do so every day.
    return 0 if all(action == CLOSE for *_, action in due) else due[-1][0]


def _close(last: int) -> None:
    """Close the segment from the first event in the table to `last`, unless somebody else has closed it meanwhile."""
    before = AuditSegment.objects.first()
    previous_hash = before.last_hash if before else chain.FIRST
    events = rows_of(AuditEvent.objects.filter(sequence__lte=last))
    try:
        segment = segments.write(events, previous_hash=previous_hash, by=SCHEDULE.name)
    except segments.NoEvents:
        return
    try:
        _read_back(segment)
        _anchor()
        _let_go(segment)
    except (NotClosed, anchor.BrokenAnchor, IntegrityError):
        segments.path_of(segment).unlink()  # nothing was committed: after any other error, something may have been
        raise
    _anchor()  # the event that says what left


def _read_back(segment: AuditSegment) -> None:
    """Verify the file, every event in it: what is not good stays where it is. Raises NotClosed."""
    report = check_file(segments.path_of(segment))
    if not report.is_good:
        raise NotClosed(f"The {segment} was not closed. Run manage.py audit_verify. {' '.join(report.told())}")


def _anchor() -> None:
    """Have an anchor that holds a later event than those that leave. Raises NotClosed, BrokenAnchor, OSError."""
    if anchor.write() is None:
        raise NotClosed("No event leaves the table, because none is anchored on this host: AUDIT_ANCHOR_FILE is empty.")


@transaction.atomic(durable=True)
def _let_go(segment: AuditSegment) -> None:
    """Write the row and delete its events; the database refuses to delete any other. Raises NotClosed."""
    segment.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM audit_auditevent WHERE sequence BETWEEN %s AND %s",
            [segment.first_sequence, segment.last_sequence],
        )
        if cursor.rowcount != segment.count:
            raise NotClosed(f"The {segment} was not closed: {cursor.rowcount} events left instead of {segment.count}.")
    record(
        SCHEDULE,
        CLOSE,
        segment,
        first=segment.first_sequence,
        last=segment.last_sequence,
        events=segment.count,
        sha256=segment.sha256,
    )
