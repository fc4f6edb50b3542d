"""Bring servers to their end without a launch."""

from django.db.models import QuerySet
from django.utils import timezone

from executions.models import Execution, ServerRun
from executions.states import OPEN_SERVER, LaunchStatus
from protection.models import ServerHold


def end_servers(execution: Execution, servers: "QuerySet[ServerRun]", status: str, why: str) -> int:
    """End those of `servers` that are open and return how many. Call inside the turn's record.

    Servers that were never tried are free at once for other executions; the others when this one has ended.
    """
    rows = ServerRun.objects.filter(pk__in=list(servers.open().values_list("pk", flat=True)))  # type: ignore[attr-defined]
    if status == LaunchStatus.SKIPPED:
        ServerHold.objects.filter(holder=execution.pk, server__in=rows.values("server")).delete()
    return rows.filter(launch_status__in=OPEN_SERVER).update(launch_status=status, error=why, ended_at=timezone.now())
