"""The fault matrix as docs/engine.md has it: a table for each phase of a drill."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.executions.fault_cells import PHASES, Cell
from tests.executions.fault_matrix import Outcome

PAGE = Path(__file__).resolve().parents[2] / "docs" / "engine.md"
BEGIN, END = "<!-- fault matrix: begin -->", "<!-- fault matrix: end -->"
TITLES = {"start": "While a drill is started", "run": "While it runs", "terminate": "While it is terminated"}


def render(called: Mapping[str, Sequence[str]], outcomes: Mapping[Cell, Outcome]) -> str:
    """Return the tables in Markdown: one for each phase, a line for each kind of fault."""
    return "\n".join(_table(phase, called[phase], outcomes) for phase in PHASES)


def _table(phase: str, operations: Sequence[str], outcomes: Mapping[Cell, Outcome]) -> str:
    words = {(cell.kind, cell.operation): outcome.word for cell, outcome in outcomes.items() if cell.phase == phase}
    kinds = sorted({kind for kind, _ in words})
    names = [operation.partition(".")[2] for operation in operations]
    lines = [f"**{TITLES[phase]}**", "", f"| fault | {' | '.join(names)} |", f"| --- |{' --- |' * len(names)}"]
    lines += [
        f"| `{kind}` | {' | '.join(words.get((kind, operation), '') for operation in operations)} |" for kind in kinds
    ]
    return "\n".join([*lines, ""])


def committed() -> str:
    """Return the tables as docs/engine.md has them. Raises ValueError when the page has no place for them."""
    text = PAGE.read_text(encoding="utf-8")
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()


def write(tables: str) -> None:
    """Put the tables into docs/engine.md."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    PAGE.write_text(f"{before}\n\n{tables.strip()}\n\n{after}", encoding="utf-8")
