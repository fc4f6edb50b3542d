"""Verify the chain: every event fits its seal, follows the one before it, and nothing known to be there is missing."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from drsorch.audit import anchor, chain, triggers
from drsorch.audit.models import HEAD, AuditAnchor, AuditEvent, AuditHead, AuditVerification

SHOWN = 20  # sentences that are kept; the others are counted
AT_A_TIME = 2000


@dataclass
class Report:
    """What a verification found. `problems` are the first sentences of `problem_count`; `notes` are no problems."""

    events: int = 0
    sequence: int = 0
    seconds: float = 0.0
    problem_count: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """True when nothing is wrong."""
        return not self.problem_count

    def add(self, sentence: str) -> None:
        """Count a problem, and keep its sentence if it is one of the first."""
        self.problem_count += 1
        if len(self.problems) < SHOWN:
            self.problems.append(sentence)


class _Points:
    """Events that something outside the rows knows: the chain must go through each of them."""

    def __init__(self) -> None:
        self.known: dict[int, list[tuple[str, str]]] = defaultdict(list)

    def add(self, sequence: int, mac: str, who: str) -> None:
        """Note that `who` holds this event."""
        if sequence:
            self.known[sequence].append((mac, who))

    def pass_by(self, sequence: int, mac: str, report: Report) -> None:
        """Compare with the event that the chain has there."""
        for held, who in self.known.pop(sequence, ()):
            if held != mac:
                report.add(f"Event {sequence} is not the one that {who} holds: it was replaced.")

    def end(self, last: int, report: Report) -> None:
        """Report the points that the chain did not reach."""
        for sequence in sorted(self.known):
            for _, who in self.known[sequence]:
                if sequence > last:
                    report.add(f"{who} holds event {sequence}, and the chain ends at {last}: its tail was cut off.")
                else:
                    report.add(f"{who} holds event {sequence}, which is not in the chain.")


def verify(*, copies: Iterable[Path] = (), is_anchored: bool = True) -> Report:
    """Read the whole chain and return what is wrong with it. Changes nothing; events may be appended meanwhile.

    `copies` are anchors kept elsewhere. Not `is_anchored`: the anchor of this host is left out.
    """
    began, report, points = time.monotonic(), Report(), _Points()
    head = AuditHead.objects.filter(pk=HEAD).first()
    points.add(head.sequence if head else 0, head.hmac if head else "", "The head of the chain")
    _add_anchors(points, copies, report, is_anchored=is_anchored)
    rows = AuditEvent.objects.order_by("sequence").values_list(*chain.FACTS, "hmac")
    _walk(rows.iterator(chunk_size=AT_A_TIME), points, report)
    points.end(report.sequence, report)
    _look_at_head(report)
    for name in triggers.missing(connection):
        report.add(f"The database does not refuse to change evidence: its trigger {name} is missing or off.")
    report.seconds = time.monotonic() - began
    return report


def keep(report: Report, by: str) -> AuditVerification:
    """Write down that `by` had the chain verified, and what was found."""
    return AuditVerification.objects.create(
        by=by,
        sequence=report.sequence,
        events=report.events,
        seconds=report.seconds,
        problem_count=report.problem_count,
        problems=report.problems,
    )


def _add_anchors(points: _Points, copies: Iterable[Path], report: Report, *, is_anchored: bool) -> None:
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


def _add_own(points: _Points, path: Path, report: Report) -> None:
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


def _walk(rows: Iterator[Sequence[Any]], points: _Points, report: Report) -> None:
    """Look at every event in the order of its sequence."""
    previous, keys = chain.FIRST, _Keys(anchor.keys())
    for *values, mac in rows:
        facts = dict(zip(chain.FACTS, values, strict=True))
        sequence = facts["sequence"]
        if sequence != report.sequence + 1:
            report.add(_gap(report.sequence + 1, sequence))
        elif facts["previous_hash"] != previous:
            report.add(f"{_named(facts)} does not follow event {sequence - 1}: one of them was moved or replaced.")
        wrong = keys.wrong(facts, mac)
        if wrong:
            report.add(f"{_named(facts)} {wrong}")
        points.pass_by(sequence, mac, report)
        previous, report.sequence = mac, sequence
        report.events += 1


class _Keys:
    """The keys, newest first. Once a newer one has sealed an event, an older one seals no more."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = keys
        self.oldest = len(keys) - 1

    def wrong(self, facts: Mapping[str, Any], mac: str) -> str:
        """Return what is wrong with the seal of an event, or nothing."""
        for number in (self.oldest, *(n for n in range(len(self.keys)) if n != self.oldest)):
            if chain.is_sealed(facts, mac, self.keys[number]):
                if number > self.oldest:
                    return "is sealed under an old key, after a newer one had come into use."
                self.oldest = number
                return ""
        return "was changed, or was not written by this installation: its HMAC does not fit what it says."


def _look_at_head(report: Report) -> None:
    """Compare the head with what was read, last: it may have moved on meanwhile, and never back."""
    head = AuditHead.objects.filter(pk=HEAD).first()
    if head is None:
        if report.events:
            report.add("The head of the chain is gone: nothing can be appended.")
    elif head.sequence < report.sequence:
        report.add(
            f"The head of the chain says that event {head.sequence} is the last, and there is event {report.sequence}: "
            "the head was rewound, or events were inserted after it."
        )


def _gap(first: int, found: int) -> str:
    last = found - 1
    if found < first:
        return f"Event {found} is out of order."
    which = f"Event {first} is" if first == last else f"Events {first} to {last} are"
    return f"{which} missing before event {found}: deleted, or moved elsewhere."


def _named(facts: Mapping[str, Any]) -> str:
    return f"Event {facts['sequence']} ({facts['at']:%Y-%m-%d %H:%M:%S}, {facts['actor']} {facts['action']})"
