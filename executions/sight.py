"""Which execution a DRS job belongs to, as far as one may see it: the one rule for the API and the admin site.

Whoever sees an account sees its jobs, and not every execution: one that ran in other accounts too is out of sight.
"""

from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce

from drsorch.access import policy
from drsorch.audit.actor import Actor
from executions.models import Execution, Job

LAUNCHED_BY = "launch__wave__execution"
TERMINATED_BY = "terminationcall__termination__execution"


def with_execution(jobs: QuerySet[Job], actor: Actor) -> QuerySet[Job]:
    """Let each job know its execution as `seen_execution`: an id, or None where it has none in sight.

    `owner` is that id in any case, and shown to nobody.
    """
    owner = Coalesce(F(LAUNCHED_BY), F(TERMINATED_BY), output_field=UUIDField())
    mine = policy.scope(actor, Execution.objects.filter(pk=OuterRef("owner"))).order_by()
    # Asked for as a value: whether there is one, PostgreSQL would look up in all executions, read for a page of jobs.
    return jobs.annotate(owner=owner).annotate(seen_execution=Subquery(mine.values("pk")[:1]))


def jobs_of(pk: UUID, jobs: Any, actor: Actor) -> QuerySet[Job]:
    """Return those of an execution, none when it is out of sight: the same as of one that there is not."""
    is_in_sight = policy.scope(actor, Execution.objects.filter(pk=pk)).exists()
    return jobs.of(pk) if is_in_sight else jobs.none()
