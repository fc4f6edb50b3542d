"""Endpoints of the EC2 instances that executions have launched."""

from typing import Any

from django.db.models import QuerySet

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from executions import instances
from executions.api.examples import INSTANCE, LIVE_INSTANCE
from executions.models import ServerRun
from executions.serializers.evidence import LaunchedInstanceAnswer, LiveInstanceAnswer
from executions.serializers.inputs import InstanceQuery


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
