"""Show an execution in a terminal until it ends: a live table, or plain lines where there is no terminal."""

import time
from collections.abc import Callable

from django.utils import timezone
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from drsorch.audit.actor import Actor
from drsorch.console.times import due_text, duration_text
from executions.models import Event, Execution
from executions.page import ExecutionPage, Note, Question, WaveRow
from executions.states import ExecutionStatus

LOOK_SECONDS = 0.5
WORKER_SILENT_SECONDS = 15
DETAILS_IN_VIEW = 5
COLOURS = {
    "ok": "green",
    "error": "bold red",
    "warn": "yellow",
    "info": "cyan",
    "loading": "bright_blue",
    "pending": "bright_black",
    "off": "bright_black",
}


def watch(execution: Execution, actor: Actor, console: Console, check: Callable[[], None] = lambda: None) -> Execution:
    """Show `execution` until it has ended and return it as it is then. `check` is called at every look."""
    seen = 0
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while True:
            check()
            page = ExecutionPage(Execution.objects.for_detail().get(pk=execution.pk), actor)
            for event in Event.objects.filter(execution=execution, pk__gt=seen):
                live.console.print(_line(event), soft_wrap=True)
                seen = event.pk
            if not page.execution.is_active:
                return page.execution
            if console.is_terminal:
                live.update(_picture(page))
            time.sleep(LOOK_SECONDS)


def verdict(execution: Execution) -> Text:
    """Return the last line: how it ended, and why."""
    status = ExecutionStatus(execution.status)
    return Text.assemble((f"{status.label}. ", COLOURS[status.tone]), execution.status_reason)


def _line(event: Event) -> Text:
    return Text.assemble(
        (f"{event.at:%H:%M:%S}  ", "bright_black"), (event.sentence, COLOURS.get(event.tone, "default"))
    )


def _picture(page: ExecutionPage) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Wave", "", "Servers", "Status", ""):
        table.add_column(heading, style=None, header_style="bright_black")
    for row in page.waves:
        table.add_row(*_row(row))
    parts: list[RenderableType] = [Text(), table]
    for question in page.questions:
        parts += _question(question, page)
    rto = page.recovery_time
    if rto:
        stands = due_text(rto.due_at, timezone.now()) if rto.due_at else rto.text
        parts.append(Text(f"{rto.label}: {stands}", style=COLOURS[rto.tone]))
    if page.next_decision and not page.questions:
        parts.append(Text(f"Next decision: {page.next_decision}", style="yellow"))
    beat = page.worker_beat_at
    if beat is None or (timezone.now() - beat).total_seconds() > WORKER_SILENT_SECONDS:
        parts.append(Text("No worker is running: start one with `manage.py worker`.", style="bold red"))
    return Group(*parts)


def _row(row: WaveRow) -> tuple[RenderableType, ...]:
    return (
        Text(f"{row.wave.number} {row.wave.name}"),
        ProgressBar(total=row.total, completed=row.launched, width=20),
        Text(f"{row.launched} of {row.total}"),
        Text(row.shown.label, style=COLOURS[row.shown.tone]),
        Text("\n").join(_note(note) for note in row.notes),
    )


def _note(note: Note) -> Text:
    left = f" {duration_text(note.until - timezone.now())}." if note.until else ""
    return Text(f"{note.text}{left}", style=COLOURS.get(note.tone, "bright_black"))


def _question(question: Question, page: ExecutionPage) -> list[RenderableType]:
    """Return an open question with what it is about, its answers, and where they are given."""
    waited = duration_text(timezone.now() - question.gate.asked_at)
    answers = ", ".join(option.label.lower() for option in question.options if not option.reason)
    listed = question.details if question.is_listed else []
    lines = [question.heading, question.text, *(f"  - {sentence}" for sentence in listed[:DETAILS_IN_VIEW])]
    if len(listed) > DETAILS_IN_VIEW:
        lines.append(f"  … and {len(listed) - DETAILS_IN_VIEW} more")
    lines.append(f"Waiting for {waited}. To be answered by: {page.deciders}, on {page.execution.get_absolute_url()}")
    if answers:
        lines.append(f"Answers: {answers}.")
    return [Text(), Text("\n".join(lines), style="yellow")]
