"""Print what was measured, and write docs/benchmarks.md."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.benchmarks.suites import SUITES
from tests.benchmarks.table import Row
from tests.torture.installation import ROOT

FILE = ROOT / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

<!-- Written by `python -m tests.benchmarks --write`. Do not edit: run it again. -->

Measured with `make bench` against the local AWS endpoint on the same machine, so that the endpoint's own work is in the
figures; four workers, production settings unless a row says otherwise. They are measurements, not tests: nothing fails
when one is missed. `make bench ARGS="latency step"` measures parts, `ARGS="load --executions 20"` a smaller load.

Held by tests, not timed: a duplicate tick and a duplicate poll cost one query; one DescribeJobs for each poll of an
account and Region, with 1 and with 50 live jobs; the execution page costs the same number of queries with 2, 50 and 300
servers.
"""
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
    """Write the page; suites that were not run are not on it."""
    parts = [HEAD, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {where}.\n"]
    for name, rows in results.items():
        lines = [f"| {row.what} | {row.measured} | {row.goal} | {_mark(row)} |" for row in rows]
        parts += [f"## {SUITES[name].title}\n", "| What | Measured | Goal | |", "| --- | --- | --- | --- |", *lines, ""]
    FILE.write_text("\n".join(parts), encoding="utf-8")


def _mark(row: Row) -> str:
    return "" if row.is_met is None else "met" if row.is_met else "missed"
