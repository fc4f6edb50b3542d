"""What a verification finds, and what it holds against the chain: events that something outside the rows knows."""

from collections import defaultdict
from dataclasses import dataclass, field

SHOWN = 20  # sentences that are kept; the others are counted


@dataclass
class Report:
    """What a verification found. `problems` are the first sentences of `problem_count`; `notes` are no problems.

    `unread` are the first sentences of `unread_count`: segments whose file could not be read, so that nothing is said
    about their events. `events` counts those that were verified, in the table and in the files of `segments`.
    """

    events: int = 0
    segments: int = 0
    sequence: int = 0
    seconds: float = 0.0
    problem_count: int = 0
    problems: list[str] = field(default_factory=list)
    unread_count: int = 0
    unread: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """True when nothing is wrong in what was read."""
        return not self.problem_count

    def add(self, sentence: str) -> None:
        """Count a problem, and keep its sentence if it is one of the first."""
        self.problem_count += 1
        if len(self.problems) < SHOWN:
            self.problems.append(sentence)

    def add_unread(self, sentence: str) -> None:
        """Count a segment that could not be read, and keep its sentence if it is one of the first."""
        self.unread_count += 1
        if len(self.unread) < SHOWN:
            self.unread.append(sentence)

    def told(self) -> list[str]:
        """Return the sentences of all that is wrong or was not read, each kind with the number of the untold."""
        hidden = self.problem_count - len(self.problems)
        hidden_unread = self.unread_count - len(self.unread)
        return [
            *self.problems,
            *([f"And {hidden} more problems."] if hidden else []),
            *self.unread,
            *([f"And {hidden_unread} more segments were not read."] if hidden_unread else []),
        ]

    def counted(self) -> str:
        """Return how much was verified, in a sentence."""
        segments = f", {self.segments} segments that have left the table among them" if self.segments else ""
        return f"{self.events} events verified in {self.seconds:.1f} s{segments}, up to event {self.sequence}."


class Points:
    """Events that something outside the rows knows: the chain must go through each of them."""

    def __init__(self) -> None:
        self.known: dict[int, list[tuple[str, str]]] = defaultdict(list)

    def add(self, sequence: int, mac: str, who: str) -> None:
        """Note that `who` holds this event."""
        if sequence:
            self.known[sequence].append((mac, who))

    def within(self, first: int, last: int) -> list[int]:
        """Return the numbers of these events from `first` to `last`."""
        return sorted(number for number in self.known if first <= number <= last)

    def pass_by(self, sequence: int, mac: str, report: Report) -> None:
        """Compare with the event that the chain has there."""
        for held, who in self.known.pop(sequence, ()):
            if held != mac:
                report.add(f"Event {sequence} is not the one that {who} holds: it was replaced.")

    def leave_out(self, sequence: int, why: str, report: Report) -> None:
        """Note that an event could not be compared."""
        for _, who in self.known.pop(sequence, ()):
            report.notes.append(f"{who} holds event {sequence}, which could not be compared: {why}")

    def end(self, last: int, report: Report) -> None:
        """Report the points that the chain did not reach."""
        for sequence in sorted(self.known):
            for _, who in self.known[sequence]:
                if sequence > last:
                    report.add(f"{who} holds event {sequence}, and the chain ends at {last}: its tail was cut off.")
                else:
                    report.add(f"{who} holds event {sequence}, which is not in the chain.")
