"""Write the tables of docs/permissions.md from the matrix: `python -m tests.security.render` renews them."""

import re
from collections.abc import Iterable
from pathlib import Path

from drsorch.access.roles import EVERYWHERE, PERMISSIONS, Permission, Role
from tests.security.matrix import ADMIN, ADMIN_PAGES, CONSOLE, Row

DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"
OBJECTS = {
    "": "",
    "north_run": "the execution",
    "north_plan": "the recovery plan",
    "north": "the account",
    "north_group": "the protection group",
    "north_server": "the source server",
    "of the north": "what it belongs to",
    "everywhere": "everything",
}


def tables() -> dict[str, str]:
    """Return each table of the document by its name."""
    return {
        "roles": table(("role", "permissions", "reaches"), map(role_line, Role)),
        "console": routes_table(CONSOLE),
        "admin": routes_table(ADMIN_PAGES),
        "models": table(
            ("rows", "reached with", "added", "changed", "deleted"),
            ((model.label, OBJECTS[model.on], *map(short, (model.add, model.change, model.delete))) for model in ADMIN),
        ),
    }


def role_line(role: Role) -> tuple[str, ...]:
    """A role with what it gives, and what it reaches without a grant."""
    given = PERMISSIONS[role]
    names = "all eleven" if given == frozenset(Permission) else ", ".join(short(each) for each in sorted(given))
    level = EVERYWHERE.get(role)
    return role.value, names, f"everything, to {level}" if level else "what is granted"


def routes_table(rows: Iterable[Row]) -> str:
    """Addresses with what they need, and on what."""
    shown = (
        (row.what, f"`{row.method} {address(row.path)}`", needed(row), reached(row)) for row in rows if row.in_docs
    )
    return table(("to", "address", "permission", "granted"), shown)


def needed(row: Row) -> str:
    """What a row needs, in words."""
    return " and ".join(short(each) for each in (row.needs, *row.also))


def reached(row: Row) -> str:
    """On what it needs it, and at which level."""
    accounts = ", and every account in it" if Permission.EXECUTE_RECOVERY in (row.needs, *row.also) else ""
    return f"{row.needed_level} {OBJECTS[row.on]}{accounts}" if row.on else ""


def address(path: str) -> str:
    """A path with a general word where an id stands."""
    return re.sub(r"\{[^}]*\}", "{id}", path)


def short(needs: str) -> str:
    """A permission without its prefix."""
    return str(needs).removeprefix("drs:")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ("---",) * len(head), *rows))


def rendered(text: str) -> str:
    """Return the document with its tables as they must be."""
    for name, content in tables().items():
        pattern = rf"(<!-- {name}: rendered -->\n).*?(\n<!-- end -->)"
        text, count = re.subn(
            pattern, lambda found, new=content: f"{found[1]}\n{new}\n{found[2]}", text, flags=re.DOTALL
        )
        assert count == 1, f"docs/permissions.md has no place for the table {name}"
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(rendered(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
