"""Endpoints of protection groups."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from protection import services
from protection.holds import label_in_sight
from protection.models import ProtectionGroup, ServerHold, TargetAccount
from protection.serializers.groups import (
    GroupAnswer,
    GroupInput,
    GroupQuery,
    GroupSummary,
    NewGroupInput,
    ResolveAnswer,
    ResolveInput,
)

VIEW = Permission.VIEW_RESOURCES
WHEN_CHANGED = ("NAME_TAKEN", "SERVER_CONFLICT", "ACTIVE_EXECUTION")
SUMMARY = {
    "groupId": "7",
    "name": "Billing databases",
    "description": "",
    "accountId": "222222222222",
    "region": "us-east-1",
    "selection": "EXPLICIT",
    "tier": "database",
    "rtoMinutes": 60,
    "rpoMinutes": 15,
    "serverCount": 1,
    "hasServerConflict": False,
    "version": 1,
    "createdAt": "2026-03-01T12:00:00Z",
    "changedAt": "2026-03-01T12:00:00Z",
    "allowedActions": [{"action": "delete", "allowed": False, "reason": "Recovery plans use this group. …"}],
}
EXAMPLE = SUMMARY | {
    "servers": [{"sourceServerId": "s-0a1b2c3d4e5f60718", "name": "billing-db-1", "replicationState": "CONTINUOUS"}]
}
RESOLVED = {
    "serverCount": 1,
    "servers": [
        {
            "sourceServerId": "s-0a1b2c3d4e5f60718",
            "name": "billing-db-1",
            "replicationState": "CONTINUOUS",
            "isLaunchable": True,
            "tags": {"Application": "billing", "Tier": "database"},
            "groupId": "7",
            "groupName": "Billing databases",
        }
    ],
}


class GroupViewSet(ApiViewSet):
    """Protection groups."""

    tag = "Protection groups"

    def rows(self) -> "QuerySet[ProtectionGroup]":
        """Return groups with all that lists show of them."""
        holds = ServerHold.objects.filter(server__group=OuterRef("pk")).order_by("pk")
        holds = holds.annotate(said=label_in_sight(self.actor))
        found = ProtectionGroup.objects.for_list().annotate(
            held_by=Subquery(holds.values("said")[:1]),
            held_server=Subquery(holds.values("server__hostname")[:1]),
            is_used=Exists(ProtectionGroup.objects.filter(pk=OuterRef("pk"), wave_groups__isnull=False)),
        )
        return self.manageable(found, Permission.UPDATE_PROTECTION_GROUP, Permission.DELETE_PROTECTION_GROUP)

    def whole(self, pk: int) -> ProtectionGroup:
        """Return one group in sight with its servers."""
        return self.one(self.rows().prefetch_related("servers"), pk=pk)

    @endpoint(VIEW, query=GroupQuery, answer=GroupSummary, is_list=True, usual_order="name", example=SUMMARY)
    def list(self) -> Any:
        """List protection groups."""
        rows = self.rows()  # all of them are EXPLICIT: `selection` has no other word yet
        if "conflict" in self.query:
            held = Q(pk__in=ServerHold.objects.exclude(server__group=None).values("server__group"))
            rows = rows.filter(held if self.query["conflict"] else ~held)
        return self.page(rows, ignored=("selection", "conflict"))

    @endpoint(VIEW, answer=GroupAnswer, has_version=True, example=EXAMPLE)
    def retrieve(self, pk: int) -> Any:
        """Get one protection group with its servers."""
        return self.whole(pk)

    @endpoint(
        Permission.CREATE_PROTECTION_GROUP,
        action="create_group",
        body=NewGroupInput,
        answer=GroupAnswer,
        status=201,
        has_version=True,
        asks_aws=True,
        conflicts=("NAME_TAKEN", "SERVER_CONFLICT"),
        example=EXAMPLE,
    )
    def create(self) -> Any:
        """Create a group of servers of one account and Region. DRS is asked whether each server exists."""
        account = self.one(TargetAccount.objects.all(), account_id=self.body.pop("account_id"))
        return self.whole(services.create_group(actor=self.actor, account=account, **self.body).pk)

    @endpoint(
        Permission.UPDATE_PROTECTION_GROUP,
        action="update_group",
        body=GroupInput,
        answer=GroupAnswer,
        takes_version=True,
        has_version=True,
        asks_aws=True,
        conflicts=WHEN_CHANGED,
        example=EXAMPLE,
    )
    def update(self, pk: int) -> Any:
        """Replace a group's fields and servers; its account and Region stay."""
        return self._changed(pk)

    @endpoint(
        Permission.UPDATE_PROTECTION_GROUP,
        action="update_group",
        body=GroupInput,
        is_partial=True,
        answer=GroupAnswer,
        takes_version=True,
        has_version=True,
        asks_aws=True,
        conflicts=WHEN_CHANGED,
        example=EXAMPLE,
    )
    def partial_update(self, pk: int) -> Any:
        """Change the fields that are given. Without serverIds AWS is not asked."""
        return self._changed(pk)

    @endpoint(
        Permission.DELETE_PROTECTION_GROUP,
        action="delete_group",
        takes_version=True,
        conflicts=("IN_USE", "ACTIVE_EXECUTION"),
    )
    def destroy(self, pk: int) -> None:
        """Delete a group that no plan uses; its servers are free."""
        group = self.one(ProtectionGroup.objects.all(), pk=pk)
        services.delete_group(group=group, actor=self.actor, version=self.version)

    @endpoint(
        VIEW,
        action="resolve_tags",
        body=ResolveInput,
        answer=ResolveAnswer,
        asks_aws=True,
        is_look=True,
        example=RESOLVED,
    )
    def resolve(self) -> Any:
        """Ask DRS which servers of an account and Region have all these tags. Nothing is changed."""
        account = self.one(TargetAccount.objects.all(), account_id=self.body.pop("account_id"))
        found = services.resolve_tags(account=account, actor=self.actor, **self.body)
        return {"serverCount": len(found), "servers": found}

    def _changed(self, pk: int) -> ProtectionGroup:
        group = self.one(ProtectionGroup.objects.select_related("account"), pk=pk)
        services.update_group(group=group, actor=self.actor, version=self.version, **self.body)
        return self.whole(pk)
