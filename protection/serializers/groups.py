"""Shapes of protection groups."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.api.fields import Flag, FlagWord, Pattern, ServerIds, Tags, Text, Whole, account_id
from drsorch.api.offers import Offer
from drsorch.api.paging import ListQuery
from drsorch.api.serializers import Answer, Input, OfferAnswer, offered
from protection.models import ProtectionGroup
from protection.services.groups import held_sentence

SELECTIONS = ("EXPLICIT",)


class GroupInput(Input):
    """What may be changed of a group; its account and Region stay."""

    name = Text(max_length=100)
    description = Text(default="", max_length=10_000)
    tier = Text(default="", max_length=50)
    rtoMinutes = Whole(source="rto_minutes", default=None, allow_null=True)
    rpoMinutes = Whole(source="rpo_minutes", default=None, allow_null=True)
    serverIds = ServerIds(source="server_ids")


class NewGroupInput(GroupInput):
    """A new group."""

    accountId = account_id(source="account_id")
    region = Pattern(r"^[a-z0-9-]{5,32}$")


class GroupQuery(ListQuery):
    """Filters of groups."""

    orderings = {"name": ("name", "pk"), "changedAt": ("changed_at", "pk")}
    accountId = account_id(source="account__account_id", required=False)
    region = serializers.CharField(required=False, max_length=32)
    selection = serializers.ChoiceField(choices=SELECTIONS, required=False)
    tier = serializers.CharField(required=False, max_length=50)
    conflict = FlagWord(required=False, help_text="Whether an execution has some of its servers.")
    search = serializers.CharField(source="name__icontains", required=False, max_length=100)


class GroupSummary(Answer):
    """A group as lists show it."""

    groupId = serializers.CharField(source="pk")
    name = Text()
    description = Text()
    accountId = Text(source="account.account_id")
    region = Text()
    selection = serializers.ChoiceField(choices=SELECTIONS, default="EXPLICIT")
    tier = Text()
    rtoMinutes = Whole(source="rto_minutes", allow_null=True)
    rpoMinutes = Whole(source="rpo_minutes", allow_null=True)
    serverCount = Whole(source="server_count")
    hasServerConflict = serializers.SerializerMethodField()
    version = Whole()
    createdAt = serializers.DateTimeField(source="created_at")
    changedAt = serializers.DateTimeField(source="changed_at")
    allowedActions = serializers.SerializerMethodField()

    def get_hasServerConflict(self, row: Any) -> bool:
        """Whether an execution has some of its servers: it cannot be changed, and no other execution can start them."""
        return row.held_by is not None

    @extend_schema_field(OfferAnswer(many=True))
    def get_allowedActions(self, row: ProtectionGroup) -> Any:
        """Say what may be done, and why not."""
        actor = self.context["actor"]
        held = self._held(row)
        used = "Recovery plans use this group. Remove it there first." if row.is_used else ""  # type: ignore[attr-defined]
        update = policy.why_not(actor, Permission.UPDATE_PROTECTION_GROUP, row, policy.Level.MANAGE) or held
        delete = policy.why_not(actor, Permission.DELETE_PROTECTION_GROUP, row, policy.Level.MANAGE) or held or used
        return offered(Offer("update", update), Offer("delete", delete))

    def _held(self, row: Any) -> str:
        return held_sentence(row, row.held_server, row.held_by) if row.held_by else ""


class GroupServer(Answer):
    """A server of a group."""

    sourceServerId = Text(source="source_server_id")
    name = Text()
    replicationState = Text(source="replication_state")


class GroupAnswer(GroupSummary):
    """A group with its servers."""

    servers = GroupServer(source="servers.all", many=True)


class ResolveInput(Input):
    """A tag rule and where it looks: servers that have every one of the tags."""

    accountId = account_id(source="account_id")
    region = Pattern(r"^[a-z0-9-]{5,32}$")
    tags = Tags(allow_empty=False)


class MatchAnswer(Answer):
    """A server that has all the tags. `groupId` is that of the group which it is in already."""

    sourceServerId = Text(source="server.source_server_id")
    name = Text()
    replicationState = Text(source="server.replication_state")
    isLaunchable = Flag(source="is_launchable")
    tags = serializers.DictField(source="server.tags", child=Text())
    groupId = serializers.CharField(source="group.pk", default=None, allow_null=True)
    groupName = serializers.CharField(source="group.name", default=None, allow_null=True)


class ResolveAnswer(Answer):
    """What a tag rule gives now, all of it, by name."""

    serverCount = Whole()
    servers = MatchAnswer(many=True)
