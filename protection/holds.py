"""Who has a server, as far as one may see: the one rule for pages, the API, the admin site and refusals."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Case, F, QuerySet, TextField, Value, When

from drsorch.access import policy
from drsorch.audit.actor import Actor
from protection.models import ServerHold

# What has a hold lies above, so it is known by its name only.
HOLDERS = "executions.Execution"
UNNAMED = "an execution"


def holders_in_sight(actor: Actor) -> "QuerySet[Any]":
    """Return the executions that the actor may see."""
    return policy.scope(actor, apps.get_model(HOLDERS)._default_manager.all())


def veil(holds: Iterable[ServerHold], actor: Actor) -> None:
    """Take from rows that are to be shown what names an execution out of sight. Never save them after it.

    One query for all of them; none where everything is in sight.
    """
    holds = list(holds)
    if not holds or policy.is_everywhere(actor, policy.Level.VIEW):
        return
    seen = set(holders_in_sight(actor).filter(pk__in={hold.holder for hold in holds}).values_list("pk", flat=True))
    for hold in holds:
        if hold.holder not in seen:
            hold.holder, hold.label, hold.link = None, UNNAMED, ""  # type: ignore[assignment]


def label_in_sight(actor: Actor) -> Case | F:
    """Return the label of a hold as an expression of its query: one that says nothing where `veil` takes it away."""
    if policy.is_everywhere(actor, policy.Level.VIEW):
        return F("label")
    seen = holders_in_sight(actor).order_by().values("pk")
    return Case(When(holder__in=seen, then=F("label")), default=Value(UNNAMED), output_field=TextField())
