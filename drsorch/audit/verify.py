"""Verify the chain: every event fits its seal, follows the one before it, and nothing known to be there is missing.

It begins with the segments that have left the table, and goes on in the table where the last of them ended.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from django.db import connection

from drsorch.audit import anchor, triggers
from drsorch.audit.export import COLUMNS
from drsorch.audit.findings import Points, Report
from drsorch.audit.models import HEAD, AuditAnchor, AuditEvent, AuditHead, AuditSegment
from drsorch.audit.segment_checks import check_segments
from drsorch.audit.walk import walk
from drsorch.portions import in_portions


def verify(*, copies: Sequence[Path] = (), is_anchored: bool = True) -> Report:
    """Read the whole chain and return what is wrong with it. Changes nothing; meanwhile events may come, and leave.

    `copies` are anchors kept elsewhere. Not `is_anchored`: the anchor of this host is left out.
    """
    while True:
        left = AuditSegment.objects.first()
        report = _verify(copies, is_anchored=is_anchored)
        if report.is_good or AuditSegment.objects.first() == left:  # else events left while it was reading
            return report


def _verify(copies: Sequence[Path], *, is_anchored: bool) -> Report:
    began, report, points = time.monotonic(), Report(), Points()
    head = AuditHead.objects.filter(pk=HEAD).first()
    points.add(head.sequence if head else 0, head.hmac if head else "", "The head of the chain")
    _add_anchors(points, copies, report, is_anchored=is_anchored)
    previous = check_segments(points, report)
    rows = AuditEvent.objects.values_list(*COLUMNS)
    walk(in_portions(rows, COLUMNS[:1], lambda row: row[:1]), points, report, previous)
    points.end(report.sequence, report)
    _look_at_head(report)
    for name in triggers.missing(connection):
        report.add(f"The database does not refuse to change evidence: its trigger {name} is missing, off or changed.")
    report.seconds = time.monotonic() - began
    return report


def _add_anchors(points: Points, copies: Sequence[Path], report: Report, *, is_anchored: bool) -> None:
    own = anchor.file()
    for path in copies:
        known = _read(path, report)
        if known is None:
            report.add(f"There is no anchor at {path}.")
        else:
            points.add(known.sequence, known.hmac, f"The anchor {path}")
    if own is None:
        report.notes.append("No anchor is kept on this host, because AUDIT_ANCHOR_FILE is empty.")
    elif is_anchored:
        _add_own(points, own, report)
    for row in AuditAnchor.objects.all():
        if own is None or row.place != anchor.place(own):
            points.add(row.sequence, row.hmac, f"What the database remembers of the anchor {row.place}")


def _add_own(points: Points, path: Path, report: Report) -> None:
    count = report.problem_count
    known = _read(path, report)
    if report.problem_count > count:
        return
    wrong = anchor.misfit(known, path)
    if wrong:
        report.add(wrong)
    if known:
        points.add(known.sequence, known.hmac, f"The anchor {path}")
    elif not wrong:
        report.notes.append(f"There was no anchor at {path} yet.")


def _read(path: Path, report: Report) -> anchor.Anchor | None:
    try:
        return anchor.read(path)
    except anchor.BrokenAnchor as error:
        report.add(str(error))
    except OSError as error:
        report.add(f"The anchor {path} cannot be read: {error.strerror}.")
    return None


def _look_at_head(report: Report) -> None:
    """Compare the head with what was read, last: it may have moved on meanwhile, and never back."""
    head = AuditHead.objects.filter(pk=HEAD).first()
    if head is None:  # the migrations make it, before there is any event
        report.add("The head of the chain is gone: nothing can be appended.")
    elif head.sequence < report.sequence:
        report.add(
            f"The head of the chain says that event {head.sequence} is the last, and there is event {report.sequence}: "
            "the head was rewound, or events were inserted after it."
        )
