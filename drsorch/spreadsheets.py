"""CSV for spreadsheets: line by line, so that its length does not matter, and without a cell that is calculated."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

MIME = "text/csv; charset=utf-8"
# A cell that begins so is a formula to a spreadsheet, or becomes one when the characters before are dropped.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 (wide forms, which count too)


class _Line:
    """A file of one line, for the csv module."""

    def write(self, text: str) -> str:
        """Return what was written."""
        return text


def lines(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Return a head line and a line for each row. None is an empty cell; text that would be calculated begins with '.

    Numbers stay numbers: a negative one is no formula.
    """
    writer = csv.writer(_Line())
    yield writer.writerow(head)
    for row in rows:
        yield writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])


def neutral(text: str) -> str:
    """Return a cell that no spreadsheet calculates."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
