"""Faults on request: rules that say which calls go wrong, how, and how often."""

import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from threading import Lock
from typing import Any, NamedTuple

from drsorch.simulator.errors import BadControlRequest

CALL_KINDS: dict[str, set[str]] = {
    "throttle": set(),
    "error_before": {"status"},
    "error_after": {"status"},
    "cut_before": set(),
    "cut_after": set(),
    "slow": {"seconds"},
    "slow_after": {"seconds"},
    "conflict": set(),
    "denied": set(),
}
EFFECT_KINDS: dict[str, set[str]] = {
    "launch_failure": {"source_server_ids", "at"},
    "job_invisible": {"seconds"},
}
KINDS = CALL_KINDS | EFFECT_KINDS
SCOPE = {"service", "operation", "account", "region"}
COMMON = SCOPE | {"kind", "times", "probability"}
NEEDED = {"slow": {"seconds"}, "slow_after": {"seconds"}, "job_invisible": {"seconds"}}
NEEDED["launch_failure"] = {"source_server_ids", "at"}
LONGEST_SECONDS = 86400
STAGES = ("SNAPSHOT", "CONVERSION", "LAUNCH")


class Place(NamedTuple):
    """Where a call goes to."""

    service: str
    operation: str
    account: str
    region: str


@dataclass
class FaultRule:
    """One rule; a scope member that is None matches everything, `times` None means until it is cleared."""

    kind: str
    service: str | None = None
    operation: str | None = None
    account: str | None = None
    region: str | None = None
    times: int | None = None
    probability: float = 1.0
    status: int = 500
    seconds: float = 0.0
    source_server_ids: tuple[str, ...] = ()
    at: str = "LAUNCH"
    hits: int = 0

    def matches(self, place: Place) -> bool:
        """Whether the rule is about this place and still has a turn left."""
        if self.times is not None and self.hits >= self.times:
            return False
        wanted = (self.service, self.operation, self.account, self.region)
        return all(mine in (None, theirs) for mine, theirs in zip(wanted, place, strict=True))


class Faults:
    """The rules in force; the first that matches a call is taken and its hit counted."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rules: list[FaultRule] = []
        self._dice = random.SystemRandom()

    def add(self, description: dict[str, Any]) -> None:
        """Put a rule in force. Raises BadControlRequest, saying what is wrong with it."""
        rule = _read_rule(description)
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Put every rule out of force."""
        with self._lock:
            self._rules.clear()

    def report(self) -> list[dict[str, Any]]:
        """Every rule with its number of hits."""
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    def take_for_call(self, place: Place) -> FaultRule | None:
        """The rule that spoils this call, if any."""
        return self._take(place, CALL_KINDS)

    def take_invisibility(self, place: Place) -> float:
        """For how many virtual seconds a new job stays out of DescribeJobs."""
        rule = self._take(place, ("job_invisible",))
        return rule.seconds if rule else 0.0

    def take_launch_failure(self, place: Place, source_server_id: str) -> str | None:
        """The stage at which this start of this server is to fail, if it is."""
        rule = self._take(place, ("launch_failure",), source_server_id)
        return rule.at if rule else None

    def _take(self, place: Place, kinds: Iterable[str], server_id: str | None = None) -> FaultRule | None:
        with self._lock:
            for rule in self._rules:
                if rule.kind not in kinds or not rule.matches(place):
                    continue
                if server_id is not None and server_id not in rule.source_server_ids:
                    continue
                if rule.probability < 1 and self._dice.random() >= rule.probability:
                    continue
                rule.hits += 1
                return rule
        return None


def _read_rule(description: dict[str, Any]) -> FaultRule:
    kind = description.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadControlRequest(f"There is no fault kind {kind!r}; known are {', '.join(sorted(KINDS))}.")
    unknown = set(description) - COMMON - KINDS[kind]
    if unknown:
        allowed = ", ".join(sorted(COMMON | KINDS[kind]))
        raise BadControlRequest(f"A {kind} fault has no field {', '.join(sorted(unknown))}; it may have {allowed}.")
    missing = NEEDED.get(kind, set()) - set(description)
    if missing:
        raise BadControlRequest(f"A {kind} fault needs {' and '.join(sorted(missing))}.")
    for name, value in description.items():
        _check_field(name, value)
    values = {**description}
    if "source_server_ids" in values:
        values["source_server_ids"] = tuple(values["source_server_ids"])
    return FaultRule(**{entry.name: values[entry.name] for entry in fields(FaultRule) if entry.name in values})


def _check_field(name: str, value: Any) -> None:
    valid = {
        "times": value is None or (_is_number(value) and isinstance(value, int) and value >= 1),
        "probability": _is_number(value) and 0 < value <= 1,
        "status": _is_number(value) and value in range(500, 600),
        "seconds": _is_number(value) and 0 <= value <= LONGEST_SECONDS,
        "source_server_ids": isinstance(value, list) and all(isinstance(entry, str) for entry in value),
        "at": value in STAGES,
    }
    if name in SCOPE:
        valid[name] = value is None or isinstance(value, str)
    wanted = {
        "times": "a whole number from 1, or null",
        "probability": "more than 0 and at most 1",
        "status": "500 to 599",
        "seconds": f"0 to {LONGEST_SECONDS}",
        "source_server_ids": "a list of strings",
        "at": "one of " + ", ".join(STAGES),
    }
    if not valid.get(name, True):
        raise BadControlRequest(f"The fault field {name} must be {wanted.get(name, 'a string')}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
