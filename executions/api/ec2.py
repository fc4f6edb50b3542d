"""Endpoints of the EC2 instances that executions have launched, as we know them. No AWS."""

from typing import Any

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from executions.api.examples import INSTANCE
from executions.models import ServerRun
from executions.serializers.evidence import LaunchedInstanceAnswer
from executions.serializers.inputs import InstanceQuery


class InstanceViewSet(ApiViewSet):
    """Recovery instances, of whichever execution."""

    tag = "EC2"

    @endpoint(
        Permission.VIEW_RESOURCES,
        query=InstanceQuery,
        answer=LaunchedInstanceAnswer,
        is_list=True,
        usual_order="-id",
        example=INSTANCE,
    )
    def list(self) -> Any:
        """List the recovery instances that executions launched, the newest first, terminated ones too."""
        launched = ServerRun.objects.exclude(recovery_instance_id="").select_related("wave__execution", "account")
        return self.page(launched.defer("wave__execution__snapshot"))
