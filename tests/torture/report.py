"""The figures of a run as a table in the terminal, and as docs/torture.md."""

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.torture.figures import Figures
from tests.torture.installation import ROOT

FILE = ROOT / "docs" / "torture.md"
SHOWN = 10


def rows(figures: Figures) -> list[tuple[str, str]]:
    """Return the figures as (what, how many)."""
    return [
        ("Kills", _by_kind(figures.kills)),
        ("Deaths at crash points", _by_kind(figures.deaths)),
        ("Workers frozen", _by_kind(figures.freezes)),
        ("Turns that found themselves taken over", str(figures.taken_over)),
        ("Calls held back because they were too late", str(figures.too_late)),
        ("Faults that hit", _by_kind(figures.faults)),
        ("Jumps of the endpoint's clock", str(figures.jumps)),
        ("What people did", _by_kind(figures.people)),
        ("At the console, over HTTP", _by_kind(figures.visitor)),
        ("Worker groups replaced", str(figures.groups_replaced)),
        ("Executions", _by_kind(figures.executions)),
        ("Jobs at the endpoint", _by_kind(figures.jobs)),
        ("Jobs found again after a lost answer", str(figures.adopted)),
        ("Launch calls sent more than once", str(figures.resent)),
        ("Requests to AWS", f"{figures.requests}, at most {figures.most_requests_in_a_minute} in a minute"),
        ("Seconds", f"{figures.seconds}; after the torment {figures.settle_seconds} until all had ended"),
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
    """Append both runs to docs/torture.md."""
    with FILE.open("a", encoding="utf-8") as page:
        page.write(f"\n### {figures.at}, {figures.database}\n\n{_section(figures)}")
        page.write(f"\nThe negative control after it:\n\n{_section(control)}")


def _section(figures: Figures) -> str:
    code = 0 if figures.is_good else 1
    head = f"`{figures.command}`, {figures.at}, {figures.database}, {figures.machine}. Exit code {code}.\n"
    rules = f"Times in seconds: {'; '.join(figures.rules)}.\n"
    lines = [f"| {what} | {number} |" for what, number in rows(figures)]
    return "\n".join([head, rules, "| What | How many |", "| --- | --- |", *lines, ""])


def _by_kind(counts: Mapping[str, int]) -> str:
    if not counts:
        return "0"
    kinds = ", ".join(f"{kind.lower().replace('_', ' ')} {number}" for kind, number in sorted(counts.items()))
    return f"{sum(counts.values())} ({kinds})"
