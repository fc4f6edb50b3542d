"""The figures of a run as a table in the terminal, and as docs/torture.md."""

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.torture.figures import Figures
from tests.torture.installation import ROOT

FILE = ROOT / "docs" / "torture.md"
SHOWN = 10
INTRODUCTION = """\
# Torture

<!-- Written by `python -m tests.torture --write`. Do not edit: run it again. -->

The rig runs the real worker against the local AWS endpoint and kills its processes with SIGKILL at random moments,
while drills of several plans start one after the other, in two accounts and two Regions, and are terminated again.
The supervisor is killed too and started again, as an init system would. Besides, workers die at the named points of a
tick and a poll, workers are frozen in the middle of a call for longer than their lease and then go on, and the endpoint
throttles, fails before or after the effect, cuts connections, answers too late, and hides new jobs. In the end the
endpoint's own books are compared with the database.
"""
CONTROL = """\
The same rig, with an engine that sends a call again when it finds its intent instead of looking for its job first
(`ENGINE_BLIND_RESEND`, refused outside tests), while the answer to every third StartRecovery is lost. The rig must find
duplicates and exit with 1; if it did not, the figures above would mean nothing.
"""


def rows(figures: Figures) -> list[tuple[str, str]]:
    """Return the figures as (what, how many)."""
    return [
        ("Kills", _by_kind(figures.kills)),
        ("Deaths at crash points", _by_kind(figures.deaths)),
        ("Workers frozen beyond their lease", str(figures.freezes)),
        ("Turns that found themselves taken over", str(figures.taken_over)),
        ("Calls held back because they were too late", str(figures.too_late)),
        ("Faults", _by_kind(figures.faults)),
        ("What people did", _by_kind(figures.people)),
        ("Worker groups replaced", str(figures.groups_replaced)),
        ("Executions", _by_kind(figures.executions)),
        ("Jobs at the endpoint", _by_kind(figures.jobs)),
        ("Jobs found again after a lost answer", str(figures.adopted)),
        ("Launch calls sent more than once", str(figures.resent)),
        ("Requests to AWS", f"{figures.requests}, at most {figures.most_requests_in_a_minute} in a minute"),
        ("Seconds", f"{figures.seconds}, of which the worker's stop {figures.stop_seconds:g}"),
        ("Servers launched twice", str(len(figures.duplicates))),
        ("Stuck", str(len(figures.stuck))),
        ("Lost or mistaken", str(len(figures.lost))),
        ("Orphan processes", str(figures.orphans)),
    ]


def show(console: Console, figures: Figures) -> None:
    """Print the table, and below it what is wrong."""
    table = Table(title=f"Torture: {'nothing wrong' if figures.is_good else 'WRONG'}", title_justify="left")
    table.add_column("What", no_wrap=True)
    table.add_column("How many", overflow="fold")
    for what, number in rows(figures):
        table.add_row(what, number)
    console.print(table)
    for problem in [*figures.wrong, *figures.duplicates[:SHOWN], *figures.stuck[:SHOWN], *figures.lost[:SHOWN]]:
        console.print(escape(problem), style="red", highlight=False)


def write(figures: Figures, control: Figures) -> None:
    """Write both runs to docs/torture.md."""
    parts = [
        INTRODUCTION,
        f"Rules between the accelerated times, in seconds: {'; '.join(figures.rules)}.\n",
        "## With kills, deaths, freezes and faults\n",
        _section(figures),
        "## Negative control\n",
        CONTROL,
        _section(control),
    ]
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text("\n".join(parts), encoding="utf-8")


def _section(figures: Figures) -> str:
    head = f"`{figures.command}`, {figures.at}, {figures.machine}. Exit code {0 if figures.is_good else 1}.\n"
    lines = [f"| {what} | {number} |" for what, number in rows(figures)]
    return "\n".join([head, "| What | How many |", "| --- | --- |", *lines, ""])


def _by_kind(counts: Mapping[str, int]) -> str:
    if not counts:
        return "0"
    kinds = ", ".join(f"{kind.lower().replace('_', ' ')} {number}" for kind, number in sorted(counts.items()))
    return f"{sum(counts.values())} ({kinds})"
