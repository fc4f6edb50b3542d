"""Endpoints of recovery plans. What starts them belongs to executions."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from drsorch.audit.actor import Actor
from plans import services
from plans.conflicts import extents_of, in_conflict
from plans.models import RecoveryPlan, RecoveryPlanQuerySet, WaveGroup
from plans.serializers import CopyInput, PlanAnswer, PlanInput, PlanQuery, PlanSummary
from plans.summary import veil_last
from plans.written import definitions_of

VIEW = Permission.VIEW_RESOURCES
SUMMARY = {
    "planId": "3",
    "name": "Billing",
    "description": "",
    "owner": "Team Billing",
    "rtoMinutes": 60,
    "parallelWaves": False,
    "version": 1,
    "waveCount": 1,
    "serverCount": 2,
    "accounts": ["222222222222"],
    "regions": ["us-east-1"],
    "activeExecutionId": None,
    "lastExecution": None,
    "lastSuccessfulDrillAt": None,
    "hasServerConflict": False,
    "conflictInfo": None,
    "createdAt": "2026-03-01T12:00:00Z",
    "changedAt": "2026-03-01T12:00:00Z",
    "allowedActions": [{"action": "execute", "allowed": True, "reason": ""}],
}
EXAMPLE = SUMMARY | {
    "runbook": "",
    "warnings": [],
    "waves": [
        {
            "waveNumber": 1,
            "name": "Database tier",
            "description": "",
            "protectionGroupIds": ["7"],
            "serverIds": None,
            "optionalServerIds": [],
            "dependsOnWaves": [],
            "pauseBeforeWave": False,
            "pauseAfterWave": False,
            "launchOrder": "PARALLEL",
            "maxParallel": None,
            "waitSeconds": 0,
            "timeoutMinutes": 60,
            "onFailure": "STOP",
            "checks": "EC2_STATUS",
        }
    ],
}


class PlanViewSet(ApiViewSet):
    """Recovery plans."""

    tag = "Recovery plans"

    def rows(self) -> "QuerySet[RecoveryPlan]":
        """Return plans as lists need them."""
        return self.counted(RecoveryPlan.objects.all())

    def counted(self, found: "RecoveryPlanQuerySet") -> "QuerySet[RecoveryPlan]":
        """Add what lists and details say of a plan."""
        rows = self.manageable(found.with_counts(), Permission.UPDATE_RECOVERY_PLAN, Permission.DELETE_RECOVERY_PLAN)
        return policy.with_rights(self.actor, rows, (Permission.EXECUTE_RECOVERY, policy.Level.OPERATE))

    def whole(self, pk: int) -> RecoveryPlan:
        """Return one plan in sight with everything that is answered about it."""
        plan = self.one(self.counted(RecoveryPlan.objects.for_detail()), pk=pk)
        _measure([plan], self.actor)
        plan.warnings = services.warnings(plan)  # type: ignore[attr-defined]
        return plan

    @endpoint(VIEW, query=PlanQuery, answer=PlanSummary, is_list=True, usual_order="name", example=SUMMARY)
    def list(self) -> Any:
        """List recovery plans."""
        rows, asked = self.rows(), self.query
        groups = WaveGroup.objects.all()
        if "account" in asked:
            groups = groups.filter(group__account__account_id=asked["account"])
        if "region" in asked:
            groups = groups.filter(group__region=asked["region"])
        if {"account", "region"} & asked.keys():
            rows = rows.filter(pk__in=groups.values("wave__plan"))
        if "conflict" in asked:
            rows = rows.filter(in_conflict() if asked["conflict"] else ~in_conflict())
        page = self.page(rows, ignored=("account", "region", "conflict"))
        _measure(page.items, self.actor)
        return page

    @endpoint(VIEW, answer=PlanAnswer, has_version=True, example=EXAMPLE)
    def retrieve(self, pk: int) -> Any:
        """Get one recovery plan with its waves."""
        return self.whole(pk)

    @endpoint(
        Permission.CREATE_RECOVERY_PLAN,
        action="create_plan",
        body=PlanInput,
        answer=PlanAnswer,
        status=201,
        has_version=True,
        conflicts=("NAME_TAKEN",),
        example=EXAMPLE,
    )
    def create(self) -> Any:
        """Create a recovery plan. Warnings about large waves do not stop it from being saved."""
        return self.whole(services.create_plan(actor=self.actor, **self.body).pk)

    @endpoint(
        Permission.UPDATE_RECOVERY_PLAN,
        action="update_plan",
        body=PlanInput,
        answer=PlanAnswer,
        takes_version=True,
        has_version=True,
        conflicts=("NAME_TAKEN", "ACTIVE_EXECUTION"),
        example=EXAMPLE,
    )
    def update(self, pk: int) -> Any:
        """Replace a plan. Executions keep the plan that they ran."""
        plan = self.one(RecoveryPlan.objects.all(), pk=pk)
        services.update_plan(plan=plan, actor=self.actor, version=self.version, **self.body)
        return self.whole(pk)

    @endpoint(
        Permission.UPDATE_RECOVERY_PLAN,
        action="update_plan",
        body=PlanInput,
        is_partial=True,
        answer=PlanAnswer,
        takes_version=True,
        has_version=True,
        conflicts=("NAME_TAKEN", "ACTIVE_EXECUTION"),
        example=EXAMPLE,
    )
    def partial_update(self, pk: int) -> Any:
        """Change the fields that are given. Waves are given all together or not at all."""
        plan = self.one(RecoveryPlan.objects.for_detail(), pk=pk)
        written = {"waves": definitions_of(plan)} | self.body
        services.update_plan(plan=plan, actor=self.actor, version=self.version, **written)
        return self.whole(pk)

    @endpoint(
        Permission.DELETE_RECOVERY_PLAN, action="delete_plan", takes_version=True, conflicts=("ACTIVE_EXECUTION",)
    )
    def destroy(self, pk: int) -> None:
        """Delete a plan; its executions stay, with the plan that they ran."""
        plan = self.one(RecoveryPlan.objects.all(), pk=pk)
        services.delete_plan(plan=plan, actor=self.actor, version=self.version)

    @endpoint(
        Permission.CREATE_RECOVERY_PLAN,
        action="create_plan",
        body=CopyInput,
        answer=PlanAnswer,
        status=201,
        has_version=True,
        conflicts=("NAME_TAKEN",),
        example=EXAMPLE,
    )
    def copy(self, pk: int) -> Any:
        """Create a plan with the same waves under another name."""
        plan = self.one(RecoveryPlan.objects.for_detail(), pk=pk)
        return self.whole(services.copy_plan(plan=plan, actor=self.actor, name=self.body["name"]).pk)


def _measure(plans: Iterable[RecoveryPlan], actor: Actor) -> None:
    """Let each of the plans know its extent, and its last execution where that is in sight."""
    rows = list(plans)
    veil_last(rows, actor)
    extents = extents_of(rows, actor)
    for row in rows:
        row.extent = extents[row.pk]  # type: ignore[attr-defined]
