"""Executions as their endpoints read them."""

from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from executions.models import Execution, ServerRun, WaveRun
from executions.states import LaunchStatus


def listed() -> "QuerySet[Execution]":
    """Return executions with all that lists show and offer: the same few queries for any number."""
    mine = ServerRun.objects.filter(wave__execution=OuterRef("pk"))
    counts = {
        "server_count": mine,
        "launched_count": mine.filter(launched_at__isnull=False),
        "instance_count": mine.filter(launch_status=LaunchStatus.LAUNCHED),
    }
    waves = Prefetch("waves", WaveRun.objects.only("execution", "number", "status"))
    found = Execution.objects.defer("snapshot").select_related("termination").prefetch_related(waves, "waves__gates")
    return found.annotate(**{name: _number(rows) for name, rows in counts.items()})


def detailed() -> "QuerySet[Execution]":
    """Return executions with everything that is answered about one."""
    found: QuerySet[Execution] = Execution.objects.for_detail().prefetch_related("tags")
    return found


def in_place(asked: dict[str, Any]) -> Exists:
    """Return the condition for executions with servers of an account (AWS id) or in a Region."""
    wanted = {"account__account_id": asked.get("account"), "region": asked.get("region")}
    named = {name: value for name, value in wanted.items() if value}
    return Exists(ServerRun.objects.filter(wave__execution=OuterRef("pk"), **named))


def _number(rows: "QuerySet[ServerRun]") -> Coalesce:
    counted = rows.order_by().values("wave__execution").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)
