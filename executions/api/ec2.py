"""Endpoints of the EC2 instances that executions have launched. No others are known here, and none is terminated."""

from typing import Any

from django.db.models import QuerySet

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from executions import instances, services
from executions.api import rows
from executions.api.examples import INSTANCE, LIVE_INSTANCE, TERMINATION
from executions.models import ServerRun
from executions.serializers.evidence import LaunchedInstanceAnswer, LiveInstanceAnswer, TerminationsAnswer
from executions.serializers.inputs import InstanceQuery, NamedInstancesInput
from executions.termination import state_of_termination


class InstanceViewSet(ApiViewSet):
    """Recovery instances, of whichever execution."""

    tag = "EC2"

    def rows(self) -> "QuerySet[ServerRun]":
        """Return the servers that have, or had, a recovery instance."""
        launched = ServerRun.objects.exclude(recovery_instance_id="").select_related("wave__execution", "account")
        return launched.defer("wave__execution__snapshot")

    @endpoint(
        Permission.VIEW_RESOURCES,
        query=InstanceQuery,
        answer=LaunchedInstanceAnswer,
        is_list=True,
        usual_order="-id",
        example=INSTANCE,
    )
    def list(self) -> Any:
        """List the recovery instances that executions launched, the newest first, terminated ones too. No AWS."""
        return self.page(self.rows())

    @endpoint(Permission.VIEW_RESOURCES, answer=LiveInstanceAnswer, asks_aws=True, example=LIVE_INSTANCE)
    def retrieve(self, instance_id: str) -> Any:
        """Get one recovery instance that an execution launched, and ask EC2 how it is now."""
        run = self.one(self.rows().order_by("-pk"), recovery_instance_id=instance_id)
        run.live = instances.look(run)  # type: ignore[attr-defined]
        return run

    @endpoint(
        Permission.TERMINATE_INSTANCES,
        action="terminate_instances",
        body=NamedInstancesInput,
        answer=TerminationsAnswer,
        status=202,
        conflicts=("INVALID_STATE", "IDEMPOTENCY_MISMATCH", "ALREADY_TERMINATED"),
        example={"executions": [TERMINATION]},
    )
    def terminate(self) -> Any:
        """Terminate these recovery instances, all or none. They are everything that their executions have left.

        Other instances are unknown here. Recoveries need the name of their plan: send one request for each plan.
        """
        asked = services.terminate_named(actor=self.actor, **self.body)
        found = self.scoped(rows.detailed().filter(pk__in=[execution.pk for execution in asked]))
        return {"executions": [state_of_termination(execution) for execution in found]}
