"""Print what was measured, and write docs/benchmarks.md."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.benchmarks.suites import SUITES
from tests.benchmarks.table import Row
from tests.torture.installation import ROOT

FILE = ROOT / "docs" / "benchmarks.md"
SECTION = re.compile(r"^(?=## )", re.MULTILINE)
Results = Mapping[str, Sequence[Row]]


def show(results: Results, where: str) -> None:
    """Print a table for each suite."""
    console = Console()
    for name, rows in results.items():
        table = Table(title=f"{SUITES[name].title}: {where}", title_justify="left")
        for heading in ("What", "Measured", "Goal", ""):
            table.add_column(heading)
        for row in rows:
            table.add_row(escape(row.what), escape(row.measured), row.goal, _mark(row))
        console.print(table)


def write(results: Results, where: str) -> None:
    """Write a section for each suite onto the page, in place of the one it has there. The rest of the page stays."""
    page = {part.partition("\n")[0]: part for part in SECTION.split(FILE.read_text(encoding="utf-8"))}
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {where}."
    for name, rows in results.items():
        heading = f"## {SUITES[name].title}"
        lines = [f"| {row.what} | {row.measured} | {row.goal} | {_mark(row)} |" for row in rows]
        section = [heading, "", when, "", "| what | measured | goal | |", "| --- | --- | --- | --- |", *lines]
        page[heading] = "\n".join(section)
    FILE.write_text("\n\n".join(part.strip() for part in page.values()) + "\n", encoding="utf-8")


def _mark(row: Row) -> str:
    return "" if row.is_met is None else "met" if row.is_met else "missed"
