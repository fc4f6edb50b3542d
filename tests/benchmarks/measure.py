"""Run the chosen parts, print the table, write docs/benchmarks.md."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from django.db import connection
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.benchmarks import calls, demo, latency, pages, queue
from tests.benchmarks.estate import Estate
from tests.benchmarks.table import Row
from tests.queue import processes
from tests.torture.installation import ROOT, Installation
from tests.torture.machine import Machine

FILE = ROOT / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

<!-- Written by `python -m tests.benchmarks --write`. Do not edit: run it again. -->

Measured on SQLite (WAL, `synchronous` FULL) with `make bench`, against the local AWS endpoint on the same machine, so
that the endpoint's own work is in the figures. They are measurements, not tests: nothing fails when one is missed.
"""
WITH_WORKER = {"latency", "queue"}
COMPLETE = {"worker": 4, "pusher": 1, "monitor": 1, "ticker": 1}


def measure(installation: Installation, parts: Sequence[str], *, write: bool) -> int:
    """Measure and report; return the exit code."""
    console = Console()
    machine = Machine()
    rows = list(_rows(console, installation, parts))
    where = machine.describe()
    _show(console, rows, where)
    if write:
        _write(rows, where)
    return 0


def _rows(console: Console, installation: Installation, parts: Sequence[str]) -> Iterator[Row]:
    """The parts that need a worker come first, while there is nothing else for it to do."""
    estate = Estate(installation.control)
    if WITH_WORKER.intersection(parts):
        installation.start_worker()
        if not processes.wait_for(lambda: _is_complete(installation.pid("worker")), 60):
            raise RuntimeError("The worker did not start.")
        if "queue" in parts:
            yield from _told(console, queue.measure(installation))
        if "latency" in parts:
            yield from _told(console, latency.measure(estate, installation))
        installation.stop("worker")
    if "pages" in parts:
        yield from _told(console, pages.measure(estate))
    if "calls" in parts:
        yield from _told(console, calls.measure(estate))
    if "demo" in parts:
        yield from _told(console, demo.measure(installation.folder))
    connection.close()


def _is_complete(supervisor: int) -> bool:
    return {role: len(pids) for role, pids in processes.roles(supervisor).items()}.items() >= COMPLETE.items()


def _told(console: Console, rows: Iterator[Row]) -> Iterator[Row]:
    """Say each row as soon as it is known."""
    for row in rows:
        console.print(f"{row.what}: {row.measured}", style="bright_black", highlight=False, markup=False)
        yield row


def _show(console: Console, rows: Sequence[Row], where: str) -> None:
    table = Table(title=f"Benchmarks: {where}", title_justify="left")
    for heading in ("What", "Measured", "Goal", ""):
        table.add_column(heading)
    for row in rows:
        table.add_row(escape(row.what), escape(row.measured), row.goal, _mark(row))
    console.print(table)


def _write(rows: Sequence[Row], where: str) -> None:
    lines = [f"| {row.what} | {row.measured} | {row.goal} | {_mark(row)} |" for row in rows]
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {where}.\n"
    FILE.parent.mkdir(exist_ok=True)
    text = "\n".join([HEAD, when, "| What | Measured | Goal | |", "| --- | --- | --- | --- |", *lines, ""])
    FILE.write_text(text, encoding="utf-8")


def _mark(row: Row) -> str:
    return "" if row.is_met is None else "met" if row.is_met else "missed"
