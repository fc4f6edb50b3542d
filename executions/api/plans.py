"""Endpoints of plans that are about running them."""

from typing import Any

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from executions import readiness
from executions.api.examples_of_drs import EXISTING, READINESS
from executions.api.executions import START, StartingViewSet
from executions.decisions.readiness import GONE
from executions.readiness import Look
from executions.serializers import evidence as shapes
from executions.serializers import inputs
from executions.states import Mode
from plans.models import RecoveryPlan
from protection.holds import veil

VIEW = Permission.VIEW_RESOURCES


class RunningViewSet(StartingViewSet):
    """What a start of a plan would do, and the start."""

    tag = "Recovery plans"

    @endpoint(Permission.EXECUTE_RECOVERY, body=inputs.StartInput, **START)
    def execute(self, pk: int) -> Any:
        """Start the plan, as POST to /executions does."""
        return self.started(pk)

    @endpoint(VIEW, query=inputs.ReadinessQuery, answer=shapes.ReadinessAnswer, example=READINESS | {"asked": False})
    def known_readiness(self, pk: int) -> Any:
        """Say what speaks against a start, from what is known; each place says how old that is."""
        return self._readiness(pk, self.query.get("mode", Mode.DRILL), ask_aws=False)

    @endpoint(
        VIEW,
        action="check_start",
        body=inputs.ReadinessInput,
        answer=shapes.ReadinessAnswer,
        asks_aws=True,
        is_look=True,
        example=READINESS,
    )
    def readiness(self, pk: int) -> Any:
        """Ask AWS what speaks against a start now."""
        return self._readiness(pk, self.body["mode"], ask_aws=True)

    @endpoint(VIEW, answer=shapes.ExistingAnswer, asks_aws=True, example=EXISTING)
    def existing_instances(self, pk: int) -> Any:
        """Ask DRS which servers of the plan have recovery instances that a launch would replace."""
        look = readiness.look(self.one(RecoveryPlan.objects.all(), pk=pk), mode=Mode.RECOVERY)
        return {"instances": _instances(look), "unanswered": _unanswered(look)}

    def _readiness(self, pk: int, mode: str, *, ask_aws: bool) -> dict[str, Any]:
        plan = self.one(RecoveryPlan.objects.all(), pk=pk)
        look = readiness.look(plan, mode=mode, ask_aws=ask_aws)
        veil(look.holds, self.actor)
        return {
            "ready": not (look.blocking or look.holds or look.running),
            "asked": ask_aws,
            "activeExecutionId": look.running.pk if look.running else None,
            "held": look.holds,
            "findings": look.findings,
            "places": look.places,
        }


def _instances(look: Look) -> list[dict[str, Any]]:
    names = {server.source_server_id: server.name for server in look.servers}
    return [
        {
            "recovery_instance_id": row.recovery_instance_id,
            "source_server_id": row.source_server_id,
            "name": names[row.source_server_id],
            "account_id": place.account.account_id,
            "region": place.region,
            "is_drill": row.is_drill,
            "state": row.state,
            "job_id": row.job_id,
        }
        for place in look.places
        if place.survey
        for row in place.survey.instances
        if row.source_server_id in names and row.state not in GONE
    ]


def _unanswered(look: Look) -> list[dict[str, str]]:
    return [
        {
            "account_id": place.account.account_id,
            "region": place.region,
            "reason": " ".join(finding.sentence for finding in place.findings if not finding.source_server_id),
        }
        for place in look.places
        if place.survey is None
    ]
