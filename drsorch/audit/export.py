"""The audit trail as files: CSV for spreadsheets, JSON for programs. Streamed, so that its length does not matter."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from drsorch.audit import chain

COLUMNS = (*chain.FACTS, "hmac")
AT_A_TIME = 2000
# A cell that begins so is a formula to a spreadsheet, or becomes one when the characters before are dropped.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 (wide forms, which count too)


class _Line:
    """A file of one line, for the csv module."""

    def write(self, text: str) -> str:
        """Return what was written."""
        return text


def as_csv(events: QuerySet[Any]) -> Iterator[str]:
    """Return the events as lines of CSV with a head line; cells that a spreadsheet would calculate begin with '."""
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in _rows(events):
        yield writer.writerow([_cell(value) for value in row.values()])


def as_json(events: QuerySet[Any]) -> Iterator[str]:
    """Return the events as one JSON array with an object a line, each spelled as it was sealed."""
    before = "[\n"
    for row in _rows(events):
        yield before + chain.canonical(row).decode()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


FORMATS: dict[str, tuple[str, Callable[[QuerySet[Any]], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", as_csv),
    "json": ("application/json", as_json),
}


def neutral(text: str) -> str:
    """Return a cell that no spreadsheet calculates."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _rows(events: QuerySet[Any]) -> Iterator[dict[str, Any]]:
    yield from events.values(*COLUMNS).iterator(chunk_size=AT_A_TIME)


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        return chain.SPELLING.encode(value) if value else ""
    if hasattr(value, "isoformat"):
        return chain.written(value)
    return neutral("" if value is None else str(value))
