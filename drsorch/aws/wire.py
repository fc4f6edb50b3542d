"""How AWS writes times, durations and enums, and how its answers are read without trusting any member to be there."""

import logging
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

log = logging.getLogger("drsorch.aws")

# A DRS lag is an ISO 8601 duration: P0D, P0DT0H1M2.5S, PT5M. Years and months have no fixed length and do not occur.
DURATION = re.compile(
    r"P(?=.)(?:(?P<w>\d+(?:\.\d+)?)W)?(?:(?P<d>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=.)(?:(?P<h>\d+(?:\.\d+)?)H)?(?:(?P<m>\d+(?:\.\d+)?)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
MOST_SIGHTINGS = 1_000
_sightings: set[tuple[str, str]] = set()


def parse_time(value: object) -> datetime | None:
    """Return an aware datetime from `…Z`, from `…+00:00` (DRS sends both) or from a datetime; None when there is none.

    What cannot be read is None as well, and logged once.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            _note_unreadable("time", value)
            return None
    if not isinstance(value, datetime):
        _note_unreadable("time", value)
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def format_time(value: datetime) -> str:
    """Return an aware datetime in the one form that DRS accepts in a filter, `…Z` with milliseconds."""
    if value.tzinfo is None:
        raise ValueError("A time sent to AWS needs a time zone.")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_duration(value: object) -> int | None:
    """Return the whole seconds of an ISO 8601 duration; None when there is none or it cannot be read (logged once)."""
    if value is None or value == "":
        return None
    found = DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        _note_unreadable("duration", value)
        return None
    return math.floor(sum(float(part) * SECONDS[unit] for unit, part in found.groupdict().items() if part))


def _note_unreadable(kind: str, value: object) -> None:
    if first_sighting(kind, str(value)):
        log.warning("AWS sent %r where a %s belongs; it is treated as absent.", value, kind)


def first_sighting(kind: str, value: str) -> bool:
    """Tell whether this process sees `value` of `kind` for the first time, so that it is logged once."""
    if (kind, value) in _sightings or len(_sightings) >= MOST_SIGHTINGS:
        return False
    _sightings.add((kind, value))
    return True


def at(item: object, *path: str) -> Any:
    """Return the member at `path`, or None as soon as a part of it is missing."""
    for name in path:
        if not isinstance(item, Mapping):
            return None
        item = item.get(name)
    return item


def text(item: object, *path: str) -> str:
    """Return the member at `path` as text, "" when it is missing."""
    value = at(item, *path)
    return "" if value is None else str(value)


def listed(item: object, *path: str) -> list[Mapping[str, Any]]:
    """Return the maps in the list at `path`, none when it is missing."""
    value = at(item, *path)
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def tags(item: object, *path: str) -> dict[str, str]:
    """Return the tags at `path`, none when they are missing. AWS adds tags of its own."""
    value = at(item, *path)
    return {str(key): str(word) for key, word in value.items()} if isinstance(value, Mapping) else {}


def number(item: object, *path: str) -> int | None:
    """Return the member at `path` as a whole number, None when it is missing."""
    value = at(item, *path)
    return int(value) if isinstance(value, int | float) else None


def one_of(known: Sequence[str], kind: str, value: str) -> str:
    """Return `value` as it is; one that our model of the API does not know is logged once, never refused."""
    if value and value not in known and first_sighting(kind, value):
        log.warning("AWS sent %s %r, which this version does not know.", kind, value)
    return value


def batches(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield the different `ids` in their order, `size` at a time."""
    rest = iter(dict.fromkeys(ids))
    while batch := list(islice(rest, size)):
        yield batch
