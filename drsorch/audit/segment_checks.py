"""Verify what has left the table: segments follow each other, fit their seals, and their files fit them."""

import time
from pathlib import Path

from drsorch.audit import anchor, chain, segments
from drsorch.audit.findings import Points, Report
from drsorch.audit.models import AuditSegment
from drsorch.audit.walk import Keys, gap, walk


def check_segments(points: Points, report: Report) -> str:
    """Look at every segment and its file, and return the seal of the last event that left.

    A file that fits the digest of a row that fits its seal holds what was verified event by event when it was written.
    """
    previous, keys = chain.FIRST, Keys(anchor.keys())
    for segment in AuditSegment.objects.order_by("first_sequence"):
        if segment.first_sequence != report.sequence + 1:
            report.add(gap(report.sequence + 1, segment.first_sequence, str(segment)))
        elif segment.previous_hash != previous:
            report.add(f"The {segment} does not follow event {report.sequence}: one of them was replaced.")
        wrong = keys.wrong(segments.facts_of(segment), segment.hmac)
        if wrong:
            report.add(f"The {segment} {wrong}")
        _look_at_file(segment, points, report)
        previous, report.sequence = segment.last_hash, segment.last_sequence
    return previous


def check_file(path: Path) -> Report:
    """Verify the file of a segment alone, without the database: its head, its digest and every event in it.

    Raises OSError when it cannot be read.
    """
    began, report = time.monotonic(), Report()
    try:
        _check(path, report)
    except segments.BrokenFile as error:
        report.add(str(error))
    report.seconds = time.monotonic() - began
    return report


def _check(path: Path, report: Report) -> None:
    kept = segments.read(path)
    said = {**kept.head}
    mac = str(said.pop("hmac"))
    wrong = Keys(anchor.keys()).wrong(said, mac)
    if wrong:
        report.add(f"The head of the file {path} {wrong}")
        return
    if kept.sha256 != said["sha256"]:
        report.add(f"The file {path} was changed: its events do not fit the digest in its head.")
    points = Points()
    points.add(said["last_sequence"], said["last_hash"], f"the head of {path}")
    report.sequence = said["first_sequence"] - 1
    walk(segments.events_in(path), points, report, said["previous_hash"])
    points.end(report.sequence, report)
    if report.events != said["count"]:
        report.add(f"The file {path} has {report.events} events, and its head says {said['count']}.")


def _look_at_file(segment: AuditSegment, points: Points, report: Report) -> None:
    path, last = segments.path_of(segment), segment.last_sequence
    points.pass_by(last, segment.last_hash, report)
    try:
        kept = segments.read(path)
        if kept.head != segments.head_of(segment):
            report.add(f"The file {path} is not that of the {segment}: its head says something else.")
        elif kept.sha256 != segment.sha256:
            report.add(f"The file {path} was changed: its events do not fit the digest of the {segment}.")
        else:
            for sequence in points.within(segment.first_sequence, last):
                points.pass_by(sequence, segments.hash_in(segment, sequence), report)
            report.segments += 1
            report.events += segment.count
    except segments.BrokenFile as error:
        report.add(str(error))
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        why = "is missing" if missing else f"cannot be read ({error.strerror})"
        report.add_unread(f"The file of the {segment} {why}: {path}. Its {segment.count} events were not verified.")
        for sequence in points.within(segment.first_sequence, last):
            points.leave_out(sequence, f"the file of the {segment} {why}.", report)
