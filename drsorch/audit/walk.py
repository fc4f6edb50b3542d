"""Walk along events in their order: each fits its seal, and follows the one before it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from drsorch.audit import anchor, chain
from drsorch.audit.findings import Points, Report


def walk(rows: Iterable[Sequence[Any]], points: Points, report: Report, previous: str) -> None:
    """Look at every event of `rows` (the columns that `chain.FACTS` names, and the seal).

    They must follow event `report.sequence`, whose seal is `previous`; the report moves on with them.
    """
    keys = Keys(anchor.keys())
    for *values, mac in rows:
        facts = dict(zip(chain.FACTS, values, strict=True))
        sequence = facts["sequence"]
        if sequence != report.sequence + 1:
            report.add(gap(report.sequence + 1, sequence, f"event {sequence}"))
        elif facts["previous_hash"] != previous:
            report.add(f"{_named(facts)} does not follow event {sequence - 1}: one of them was moved or replaced.")
        wrong = keys.wrong(facts, mac)
        if wrong:
            report.add(f"{_named(facts)} {wrong}")
        points.pass_by(sequence, mac, report)
        previous, report.sequence = mac, sequence
        report.events += 1


class Keys:
    """The keys, newest first. Once a newer one has sealed something, an older one seals no more."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = keys
        self.oldest = len(keys) - 1

    def wrong(self, facts: Mapping[str, Any], mac: str) -> str:
        """Return what is wrong with the seal of an event, or of a segment, or nothing."""
        for number in (self.oldest, *(n for n in range(len(self.keys)) if n != self.oldest)):
            if chain.is_sealed(facts, mac, self.keys[number]):
                if number > self.oldest:
                    return "is sealed under an old key, after a newer one had come into use."
                self.oldest = number
                return ""
        return "was changed, or was not written by this installation: its HMAC does not fit what it says."


def gap(first: int, found: int, where: str) -> str:
    """Return what is wrong when event `first` should come next, and `where`, at event `found`, comes."""
    last = found - 1
    if found < first:
        return f"{where[0].upper()}{where[1:]} is out of order."
    which = f"Event {first} is" if first == last else f"Events {first} to {last} are"
    return f"{which} missing before {where}: deleted, or moved elsewhere."


def _named(facts: Mapping[str, Any]) -> str:
    return f"Event {facts['sequence']} ({facts['at']:%Y-%m-%d %H:%M:%S}, {facts['actor']} {facts['action']})"
