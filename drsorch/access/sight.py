"""What somebody reaches, and at which level: the answer of `policy.scope` for people and programs to read."""

from typing import Any

from django.db.models import Case, Exists, Model, OuterRef, QuerySet, Value, When

from drsorch.access import policy
from drsorch.access.reach import Level
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor


def everything_at(actor: Actor) -> Level | None:
    """Return the highest level at which everything is granted to the actor, None where only single objects are."""
    if not policy.has(actor, Permission.VIEW_RESOURCES):
        return None
    return next((level for level in reversed(Level) if policy.is_everywhere(actor, level)), None)


def reached_beyond(actor: Actor, model: type[Model], known: Level | None) -> QuerySet[Any]:
    """Return the rows that the actor reaches at a higher level than `known` (None: at any), each with its `level`.

    No row without ViewResources. One query.
    """
    rows = model._default_manager.all()
    beyond = tuple(Level) if known is None else known.enough[1:]
    if not beyond:
        return rows.none()
    lowest, *higher = beyond
    same = model._default_manager.filter(pk=OuterRef("pk"))
    at = [When(Exists(policy.scope(actor, same, level)), then=Value(str(level))) for level in reversed(higher)]
    reached = policy.scope(actor, rows, lowest)
    leveled: QuerySet[Any] = reached.annotate(level=Case(*at, default=Value(str(lowest))))
    return leveled
