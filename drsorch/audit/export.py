"""The audit trail as files: CSV for spreadsheets, JSON for programs. Streamed, so that its length does not matter."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from drsorch import spreadsheets
from drsorch.audit import chain
from drsorch.portions import in_portions

COLUMNS = (*chain.FACTS, "hmac")


def as_csv(events: QuerySet[Any]) -> Iterator[str]:
    """Return the events as lines of CSV with a head line; cells that a spreadsheet would calculate begin with '."""
    yield from spreadsheets.lines(COLUMNS, (map(_cell, row.values()) for row in rows_of(events)))


def as_json(events: QuerySet[Any]) -> Iterator[str]:
    """Return the events as one JSON array with an object a line, each spelled as it was sealed."""
    before = "[\n"
    for row in rows_of(events):
        yield before + chain.canonical(row).decode()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


FORMATS: dict[str, tuple[str, Callable[[QuerySet[Any]], Iterator[str]]]] = {
    "csv": (spreadsheets.MIME, as_csv),
    "json": ("application/json", as_json),
}


def rows_of(events: QuerySet[Any]) -> Iterator[dict[str, Any]]:
    """Yield the columns of the events, in the order of the chain."""
    return in_portions(events.values(*COLUMNS), ("sequence",), lambda row: (row["sequence"],))


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return chain.SPELLING.encode(value) if value else ""
    return chain.written(value) if hasattr(value, "isoformat") else value
