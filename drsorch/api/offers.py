"""What may be done with a row now, and why not: read with the rows, so that a list asks no more than a detail."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet

from drsorch.access import policy
from drsorch.access.policy import Level
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Offer:
    """One action: allowed, or the reason why not."""

    action: str
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """True when nothing speaks against it."""
        return not self.reason


def with_rights(rows: QuerySet[M], actor: Actor) -> QuerySet[M]:
    """Let each row say which levels of access the actor has to it: `may_operate`, `may_manage`. No further query."""
    for level in (Level.OPERATE, Level.MANAGE):
        same: QuerySet[Any] = rows.model._default_manager.filter(pk=OuterRef("pk"))
        rows = rows.annotate(**{f"may_{level}": Exists(policy.scope(actor, same, level))})
    return rows


def why_not(actor: Actor, permission: Permission, row: Any, level: Level = Level.MANAGE) -> str:
    """Return why the actor may not use `permission` on a row that was fetched `with_rights`, or nothing."""
    missing = policy.why_not(actor, permission)
    if missing or getattr(row, f"may_{level}"):
        return missing
    return f"Your access to {row} does not include {level}. Ask an administrator."
