"""Executions as their endpoints read them."""

from typing import Any

from django.db.models import Case, Prefetch, Q, QuerySet, Value, When

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from executions.models import AccountSetRegion, Execution, WaveRun

OFFERED = (Permission.MANAGE_EXECUTION, Permission.EXECUTE_RECOVERY, Permission.TERMINATE_INSTANCES)


def listed(actor: Actor) -> "QuerySet[Execution]":
    """Return executions with all that lists show and offer: the same few queries for any number."""
    waves = Prefetch("waves", WaveRun.objects.only("execution", "number", "status"))
    found = Execution.objects.with_counts().with_rules().defer("snapshot").select_related("termination")
    found = found.prefetch_related(waves, "waves__gates")
    return policy.with_rights(actor, found, *((each, policy.Level.OPERATE) for each in OFFERED))


def detailed() -> "QuerySet[Execution]":
    """Return executions with everything that is answered about one."""
    found: QuerySet[Execution] = Execution.objects.for_detail().prefetch_related("tags")
    return found


def narrowed(found: "QuerySet[Execution]", asked: dict[str, Any]) -> "QuerySet[Execution]":
    """Return those with servers in the account and Region that were asked for, and with all the tags."""
    if {"account", "region"} & asked.keys():
        found = found.filter(in_place(asked))
    for key, value in asked.get("tags", {}).items():
        found = found.filter(tags__key=key, tags__value=value)
    return found


def in_place(asked: dict[str, Any]) -> Case:
    """Return the condition for executions with servers of an account (AWS id), in a Region, or in a Region of an account.

    What they ran in tells, in few sets, which are found first. Then all is looked at row by row, in the order that the
    executions are asked for: by an index of sets, all that ever ran there would be gathered first.
    """
    wanted = {"account__account_id": asked.get("account"), "region": asked.get("region")}
    places = AccountSetRegion.objects.filter(**{name: value for name, value in wanted.items() if value})
    condition = Q(ran_in__in=places.values("account_set"))
    return Case(When(condition, then=Value(True)), default=Value(False))
