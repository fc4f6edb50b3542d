"""The rules in force: which of them hits a call, how often they have, and how that is repeated from the journal."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from drsorch.simulator.faults.kinds import Stage
from drsorch.simulator.faults.rules import FaultRule, Place, read_rule

Hits = dict[int, list[int]]


@dataclass
class Turn:
    """The rules that hit one call: number of the question -> numbers of the rules.

    `repeated` answers the questions of a call from the journal. `has_changed` says that a rule changed something,
    whatever became of the call itself; `is_counted` that a rule with a number of times was used.
    """

    hits: Hits = field(default_factory=dict)
    repeated: Hits | None = None
    questions: int = 0
    has_changed: bool = False
    is_counted: bool = False


class _Thread(threading.local):
    turn: Turn | None = None


class Faults:
    """Of the rules that match a call the first is taken, and its hit counted."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rules: list[FaultRule] = []
        self._number = 0
        self._thread = _Thread()

    def add(self, description: dict[str, Any], since: float = 0.0) -> None:
        """Put a rule in force. Raises BadControlRequest, saying what is wrong with it."""
        rule = read_rule(description, self._number + 1, since)
        with self._lock:
            self._number += 1
            self._rules.append(rule)

    def clear(self) -> None:
        """Put every rule out of force, and let go of the calls that a black hole holds."""
        with self._lock:
            for rule in self._rules:
                rule.cleared.set()
            self._rules.clear()

    def report(self) -> list[dict[str, Any]]:
        """Every rule with its number of hits."""
        with self._lock:
            return [rule.report() for rule in self._rules]

    @contextmanager
    def turn(self, repeated: Hits | None = None) -> Iterator[Turn]:
        """Note which rules hit the call that this thread answers in the block, or let those of the journal hit it."""
        turn = self._thread.turn = Turn(repeated=repeated)
        try:
            yield turn
        finally:
            self._thread.turn = None

    def note_change(self) -> None:
        """Say that a rule changed something during this call, so that the journal keeps it whatever it answers."""
        if self._thread.turn is not None:
            self._thread.turn.has_changed = True

    def count(self, hits: Hits) -> None:
        """Count hits that the journal tells of."""
        with self._lock:
            for numbers in hits.values():
                for rule in self._numbered(numbers):
                    rule.hits += 1
                    rule.roll_anew()

    def take_for_call(self, place: Place) -> FaultRule | None:
        """The rule that spoils this call, if any."""
        return self.take(Stage.CALL, place)

    def take_invisibility(self, place: Place) -> float:
        """For how many virtual seconds a new job stays out of DescribeJobs."""
        rule = self.take(Stage.INVISIBILITY, place)
        return rule.seconds or 0.0 if rule else 0.0

    def take_failure(self, place: Place, source_server_id: str) -> tuple[str | None, str | None]:
        """The stage at which this start of this server is to fail, if it is, and the raw error if the rule has one."""
        rule = self.take(Stage.LAUNCH, place, lambda rule: rule.chooses(source_server_id))
        return (rule.at, rule.raw_error) if rule else (None, None)

    def take(self, stage: Stage, place: Place, suits: Callable[[FaultRule], bool] | None = None) -> FaultRule | None:
        """The first rule of a stage that hits this call and suits."""
        return next(iter(self._take(stage, place, suits, most=1)), None)

    def take_all(self, stage: Stage, place: Place, suits: Callable[[FaultRule], bool] | None = None) -> list[FaultRule]:
        """Every rule of a stage that hits this call and suits."""
        return self._take(stage, place, suits, most=None)

    def _take(
        self, stage: Stage, place: Place, suits: Callable[[FaultRule], bool] | None, most: int | None
    ) -> list[FaultRule]:
        turn = self._thread.turn or Turn()
        question = turn.questions
        turn.questions += 1
        if not self._rules:
            return []
        with self._lock:
            if turn.repeated is not None:
                found = self._numbered(turn.repeated.get(question, []))
            else:
                found = self._search(stage, place, suits, most)
            for rule in found:
                rule.hits += 1
                turn.is_counted = turn.is_counted or rule.times is not None
        if found:
            turn.hits[question] = [rule.number for rule in found]
        return found

    def _search(
        self, stage: Stage, place: Place, suits: Callable[[FaultRule], bool] | None, most: int | None
    ) -> list[FaultRule]:
        found: list[FaultRule] = []
        for rule in self._rules:
            if rule.nature.stage is not stage or (suits is not None and not suits(rule)):
                continue
            if rule.hits_now(place):
                found.append(rule)
            if len(found) == most:
                break
        return found

    def _numbered(self, numbers: list[int]) -> list[FaultRule]:
        return [rule for rule in self._rules if rule.number in numbers]
