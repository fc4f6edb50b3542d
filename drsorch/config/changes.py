"""What an import would change, or has changed."""

from dataclasses import dataclass, field
from typing import Any

HIDDEN = "[hidden]"


@dataclass(frozen=True, slots=True)
class Change:
    """One object of the document: created, updated, or unchanged. `members` that differ: name -> (before, after)."""

    kind: str
    name: str
    action: str
    members: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def change_of(kind: str, name: str, before: dict[str, Any] | None, after: dict[str, Any]) -> Change:
    """Compare an object as it is (None: there is none) with the document's."""
    if before is None:
        return Change(kind, name, "create", {member: (None, value) for member, value in after.items()})
    members = {member: (before[member], value) for member, value in after.items() if before[member] != value}
    return Change(kind, name, "update" if members else "unchanged", members)
