"""Hold servers for an execution: the unique constraint decides, and the holder is named."""

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone

from drsorch.audit.actor import Actor
from drsorch.errors import Conflict
from executions import readiness
from executions.models import Execution
from executions.services.consent import refuse_held
from protection.models import ServerHold, SourceServer


def hold(
    execution: Execution, servers: Collection[SourceServer], actor: Actor, *, taking_over: Collection[Execution] = ()
) -> None:
    """Hold those of `servers` that the execution does not hold yet; what `taking_over` hold becomes its own.

    Call inside a transaction. Raises Conflict (SERVER_CONFLICT) naming the execution that holds one of them.
    """
    mine = {
        "holder": execution.pk,
        "label": f"{execution} ({execution.short_id})",
        "link": execution.get_absolute_url(),
        "mode": execution.mode,
        "since": timezone.now(),
    }
    held = ServerHold.objects.filter(server__in=servers)
    held.filter(holder__in=[other.pk for other in taking_over]).update(**mine)
    known = set(held.filter(holder=execution.pk).values_list("server_id", flat=True))
    try:
        with transaction.atomic():
            ServerHold.objects.bulk_create(
                ServerHold(server=server, **mine) for server in servers if server.pk not in known
            )
    except IntegrityError as error:
        refuse_held([row for row in readiness.holds_of(servers) if row.holder != execution.pk], execution.mode, actor)
        raise Conflict("A server was held and freed meanwhile. Try again.") from error
