"""One fault rule: reading and checking its description, and deciding whether it hits."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from random import Random
from threading import Event
from typing import Any, NamedTuple

from drsorch.simulator.errors import BadControlRequest
from drsorch.simulator.faults.kinds import KINDS, Nature

SCOPE = ("service", "operation", "account", "region")
COMMON = frozenset({*SCOPE, "kind", "times", "probability", "seed"})
LONGEST_SECONDS = 86400
STAGES = ("SNAPSHOT", "CONVERSION", "LAUNCH")
CHECKS = ("instance", "system", "both")
STATES = {
    "replication": (
        *("STOPPED", "INITIATING", "INITIAL_SYNC", "BACKLOG", "CREATING_SNAPSHOT", "CONTINUOUS", "PAUSED", "RESCAN"),
        *("STALLED", "DISCONNECTED"),
    ),
    "status_checks": ("impaired", "initializing", "insufficient-data"),
}
FORMS = ("Z", "offset")


class Place(NamedTuple):
    """Where a call goes to."""

    service: str
    operation: str
    account: str
    region: str


@dataclass
class FaultRule:
    """One rule; a scope member that is None matches everything, `times` None means until it is cleared.

    `since` is the virtual time at which it was put in force. No `source_server_ids` means every server.
    """

    kind: str
    number: int = 0
    since: float = 0.0
    service: str | None = None
    operation: str | None = None
    account: str | None = None
    region: str | None = None
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    status: int = 500
    seconds: float | None = None
    source_server_ids: list[str] | None = None
    at: str = "LAUNCH"
    raw_error: str | None = None
    per_second: float = 0.0
    burst: int = 1
    quota_code: str = "L-D88FAC3A"
    state: str = ""
    lag_seconds: float | None = None
    tags: dict[str, str | None] = field(default_factory=dict)
    check: str = "both"
    member: str = "memberOfTomorrow"
    value: str = "SOMETHING_NEW"
    form: str = "Z"
    hits: int = 0

    def __post_init__(self) -> None:
        self.cleared = Event()
        self._tokens, self._filled_at = float(self.burst), time.monotonic()
        self.roll_anew()

    def roll_anew(self) -> None:
        """Begin the series of dice that follows from seed, number and hits."""
        self._dice = Random(f"{self.seed}/{self.number}/{self.hits}")  # noqa: S311 - to be repeated

    @property
    def nature(self) -> Nature:
        """What kind of fault this is."""
        return KINDS[self.kind]

    def hits_now(self, place: Place) -> bool:
        """Whether the rule strikes this call. Asking uses up dice and tokens."""
        if self.times is not None and self.hits >= self.times:
            return False
        wanted = (self.service, self.operation, self.account, self.region)
        if not all(mine in (None, theirs) for mine, theirs in zip(wanted, place, strict=True)):
            return False
        if self.nature.is_drs_only and place.service != "drs":
            return False
        if self.kind == "storm" and self._has_token():
            return False
        return self.probability >= 1 or self._dice.random() < self.probability

    def chooses(self, source_server_id: str) -> bool:
        """Whether the rule is about this server."""
        return self.source_server_ids is None or source_server_id in self.source_server_ids

    def report(self) -> dict[str, Any]:
        """The rule as it was given, with its number and hits."""
        shown = ("kind", "number", *SCOPE, "times", "probability", "seed", "hits")
        return {name: getattr(self, name) for name in (*shown, *sorted(self.nature.optional | self.nature.needed))}

    def _has_token(self) -> bool:
        """A bucket of `burst` tokens, `per_second` new ones each real second: what comes faster is throttled."""
        now = time.monotonic()
        self._tokens = min(float(self.burst), self._tokens + (now - self._filled_at) * self.per_second)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def read_rule(description: dict[str, Any], number: int, since: float) -> FaultRule:
    """Make a rule of its description. Raises BadControlRequest, saying what is wrong with it."""
    kind = description.get("kind")
    nature = KINDS.get(kind) if isinstance(kind, str) else None
    if nature is None:
        raise BadControlRequest(f"There is no fault kind {kind!r}; known are {', '.join(sorted(KINDS))}.")
    allowed = COMMON | nature.optional | nature.needed
    unknown = set(description) - allowed
    if unknown:
        names = ", ".join(sorted(allowed))
        raise BadControlRequest(f"A {kind} fault has no field {', '.join(sorted(unknown))}; it may have {names}.")
    missing = nature.needed - set(description)
    if missing:
        raise BadControlRequest(f"A {kind} fault needs {' and '.join(sorted(missing))}.")
    for name, value in description.items():
        _check_field(str(kind), name, value)
    given = {entry.name: description[entry.name] for entry in fields(FaultRule) if entry.name in description}
    return FaultRule(**given, number=number, since=since)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_tags(value: Any) -> bool:
    return isinstance(value, dict) and all(item is None or isinstance(item, str) for item in value.values())


Rule = tuple[Callable[[Any], bool], str]
FIELD_RULES: dict[str, Rule] = {
    **dict.fromkeys(SCOPE, (lambda value: value is None or _is_text(value), "a string")),
    **dict.fromkeys(("kind", "raw_error", "quota_code", "member", "value"), (_is_text, "a string")),
    "times": (lambda value: value is None or (_is_whole(value) and value >= 1), "a whole number from 1, or null"),
    "probability": (lambda value: _is_number(value) and 0 < value <= 1, "more than 0 and at most 1"),
    "seed": (_is_whole, "a whole number"),
    "status": (lambda value: _is_whole(value) and value in range(500, 600), "500 to 599"),
    **dict.fromkeys(
        ("seconds", "lag_seconds"),
        (lambda value: _is_number(value) and 0 <= value <= LONGEST_SECONDS, f"0 to {LONGEST_SECONDS}"),
    ),
    "per_second": (lambda value: _is_number(value) and 0 <= value < float("inf"), "a number that is not negative"),
    "burst": (lambda value: _is_whole(value) and value >= 1, "a whole number from 1"),
    "source_server_ids": (
        lambda value: isinstance(value, list) and all(isinstance(entry, str) for entry in value),
        "a list of strings",
    ),
    "tags": (_is_tags, "a map of strings, or null for a tag to remove"),
    "at": (lambda value: value in STAGES, "one of " + ", ".join(STAGES)),
    "check": (lambda value: value in CHECKS, "one of " + ", ".join(CHECKS)),
    "form": (lambda value: value in FORMS, "one of " + ", ".join(FORMS)),
}


def _check_field(kind: str, name: str, value: Any) -> None:
    if name == "state":
        is_right, wanted = value in STATES[kind], "one of " + ", ".join(STATES[kind])
    else:
        check, wanted = FIELD_RULES[name]
        is_right = check(value)
    if not is_right:
        raise BadControlRequest(f"The fault field {name} must be {wanted}.")
