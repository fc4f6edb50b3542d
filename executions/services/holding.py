"""Hold servers for an execution: the unique constraint decides, and the holder is named."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from drsorch.errors import Conflict
from executions import readiness
from executions.models import Execution
from protection.models import ServerHold, SourceServer


def hold(execution: Execution, servers: Sequence[SourceServer]) -> None:
    """Hold those of `servers` that the execution does not hold yet. Call inside a transaction.

    Raises Conflict (SERVER_CONFLICT) naming the execution that holds one of them.
    """
    label, link = f"{execution} ({execution.short_id})", execution.get_absolute_url()
    mine = set(ServerHold.objects.filter(holder=execution.pk).values_list("server_id", flat=True))
    wanted = [server for server in servers if server.pk not in mine]
    try:
        with transaction.atomic():
            ServerHold.objects.bulk_create(
                ServerHold(
                    server=server,
                    holder=execution.pk,
                    label=label,
                    link=link,
                    mode=execution.mode,
                    since=timezone.now(),
                )
                for server in wanted
            )
    except IntegrityError as error:
        readiness.refuse_held(wanted)
        raise Conflict("A server was held and freed meanwhile. Try again.") from error
