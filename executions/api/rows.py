"""Executions as their endpoints read them."""

from typing import Any

from django.db.models import Case, F, Prefetch, Q, QuerySet, Value, When

from drsorch.api.paging import Orderings, filters_of
from drsorch.audit.actor import Actor
from executions import reports
from executions.models import AccountSetRegion, Execution, ExecutionTag, WaveRun
from executions.serializers.inputs import ExecutionQuery
from executions.services.offers import with_rights

PLACE = {"account", "region"}
TAGGED: Orderings = {"createdAt": ("tagged_at", "tagged_id")}  # of the tag, in the order of its index


def listed(actor: Actor) -> "QuerySet[Execution]":
    """Return executions with all that lists show and offer: the same few queries for any number."""
    waves = Prefetch("waves", WaveRun.objects.only("execution", "number", "status"))
    found = Execution.objects.with_counts().with_rules().defer("snapshot").select_related("termination")
    found = found.prefetch_related(waves, "waves__gates")
    return with_rights(actor, found)


def detailed() -> "QuerySet[Execution]":
    """Return executions with everything that is answered about one."""
    found: QuerySet[Execution] = Execution.objects.for_detail().prefetch_related("tags")
    return found


def offered(actor: Actor) -> "QuerySet[Execution]":
    """Return executions with everything that is answered about one, and with what may be done with it."""
    return with_rights(actor, detailed())


def narrowed(found: "QuerySet[Execution]", asked: dict[str, Any]) -> "QuerySet[Execution]":
    """Return those with servers in the account and Region that were asked for, and with all the tags.

    The places are looked at row by row, in the order that the executions are asked for: by an index, all that ever ran
    there would be gathered for the first page.
    """
    if PLACE & asked.keys():
        found = found.filter(Case(When(_in_place(asked), then=Value(True)), default=Value(False)))
    return _tagged(found, asked)


def counted(found: "QuerySet[Execution]", asked: dict[str, Any], *, have_ended: bool = False) -> QuerySet[Any] | None:
    """Return what is counted sooner than those: by an index of where they ran, or the tags alone.

    None when neither a place nor just one tag was asked for. `have_ended`: `found` are only those that have.
    """
    if PLACE & asked.keys():
        return _tagged(found.filter(_in_place(asked)), asked)
    tags = list(asked.get("tags", {}).items())
    if len(tags) != 1 or filters_of(asked):
        return None
    of_tag = ExecutionTag.objects.filter(key=tags[0][0], value=tags[0][1])
    return of_tag.exclude(_is_active()) if have_ended else of_tag


def orderings(asked: dict[str, Any]) -> Orderings:
    """Return by which columns to order what `narrowed` has returned."""
    return TAGGED if "tags" in asked else ExecutionQuery.orderings


def newest(found: "QuerySet[Execution]", to_count: QuerySet[Any] | None, asked: dict[str, Any]) -> QuerySet[Any]:
    """Return the newest of `found` for their totals: all of it in that order, or only as many as totals are of.

    Only so many with one tag, by `to_count`, the same rows as they are counted: a database that takes rights for rarer
    than they are would gather all that have the tag, and sort them.
    """
    if to_count is not None and to_count.model is ExecutionTag:
        tags = to_count.order_by("-created_at", "-execution_id")[: reports.TOTALLED]
        # By their time as well, which begins the index that has all that is totalled: their rows are not read.
        return Execution.objects.filter(tags__in=tags, created_at=F("tags__created_at")).order_by()
    return found.order_by(*(f"-{column}" for column in orderings(asked)["createdAt"]))


def _in_place(asked: dict[str, Any]) -> Q:
    """Return the condition for executions that ran in an account (AWS id), in a Region, or in this Region of it."""
    wanted = {"account__account_id": asked.get("account"), "region": asked.get("region")}
    places = AccountSetRegion.objects.filter(**{name: value for name, value in wanted.items() if value})
    return Q(ran_in__in=places.values("account_set"))


def _is_active() -> Q:
    """Return the condition for tags of executions that have not ended: none of those older than all of them is."""
    active = Execution.objects.active()
    return Q(created_at__gte=active.order_by("created_at").values("created_at")[:1]) & Q(execution__in=active)


def _tagged(found: "QuerySet[Execution]", asked: dict[str, Any]) -> "QuerySet[Execution]":
    tags = asked.get("tags", {})
    for key, value in tags.items():
        found = found.filter(tags__key=key, tags__value=value)
    return found.annotate(tagged_at=F("tags__created_at"), tagged_id=F("tags__execution_id")) if tags else found
