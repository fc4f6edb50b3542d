"""Export what executions prove."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.record import record
from drsorch.portions import in_portions


@transaction.atomic
def export_executions(*, rows: QuerySet[Any], actor: Actor, filters: Mapping[str, Any]) -> Iterator[Any]:
    """Return the rows of a report one after the other, the oldest first, and record that they were exported. No AWS.

    `rows` are in the actor's sight. `filters` is what they were narrowed by, for the evidence. Raises Denied.
    """
    policy.require(actor, Permission.VIEW_RESOURCES)
    record(actor, "export_executions", actor.user, format="csv", filters=dict(filters))
    return in_portions(rows, ("created_at", "pk"), lambda row: (row.created_at, row.pk))
