"""CSV for spreadsheets: line by line, so that its length does not matter, and without a cell that is calculated."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

MIME = "text/csv; charset=utf-8"
# A cell that begins so is a formula to a spreadsheet, in a wide or small form of the sign too.
SIGNS = frozenset("=+-@")
BREAKS = ("\t", "\r", "\n")  # cells that begin so may be split, and the rest taken for one
# What a spreadsheet may drop from the beginning of a cell, beside white space: control and format characters.
UNSEEN = frozenset({"Cc", "Cf"})
LIST_ITEM = re.compile(r"-[ -]")


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
    return f"'{text}" if is_calculated(text) or text.lstrip(" ").startswith(BREAKS) else text


def is_calculated(text: str) -> bool:
    """Say whether a spreadsheet may take a cell with this text for a formula."""
    first = next((each for each in text if not (each.isspace() or unicodedata.category(each) in UNSEEN)), "")
    return unicodedata.normalize("NFKC", first) in SIGNS


def is_formula(text: str) -> bool:
    """Say whether nobody should call something so: a formula, and not an item of a list that people write."""
    return is_calculated(text) and not LIST_ITEM.match(text)
