"""Shapes of source servers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from drsorch.api.fields import Flag, FlagWord, Text, Whole, account_id
from drsorch.api.paging import ListQuery
from drsorch.api.serializers import Answer, Query
from protection.models import SourceServer
from protection.models.servers import ReplicationState


class ServerQuery(ListQuery):
    """Filters of source servers. `tag.KEY` may be given for several keys: all must match."""

    has_tags = True
    orderings = {
        "name": ("hostname", "source_server_id", "pk"),
        "sourceServerId": ("source_server_id", "pk"),
        "replicationState": ("replication_state", "pk"),
    }
    accountId = account_id(source="account__account_id", required=False)
    region = serializers.CharField(required=False, max_length=32)
    replicationState = serializers.ChoiceField(
        source="replication_state", choices=ReplicationState.choices, required=False
    )
    assigned = FlagWord(required=False, help_text="Whether it is in a protection group.")
    search = serializers.CharField(
        required=False, max_length=100, help_text="In the host name, or in the id as DRS writes it."
    )


class OneServerQuery(Query):
    """Which server, when two accounts or Regions have one of that id."""

    accountId = account_id(source="account__account_id", required=False)
    region = serializers.CharField(required=False, max_length=32)


class DiskAnswer(Answer):
    """A disk of a server."""

    device = Text()
    bytes = serializers.IntegerField(allow_null=True)


class HoldAnswer(Answer):
    """Which execution has the server now; only that there is one when it is out of sight."""

    executionId = serializers.UUIDField(source="holder", allow_null=True)
    label = Text()  # type: ignore[assignment]
    executionType = Text(source="mode")
    since = serializers.DateTimeField()


class ServerAnswer(Answer):
    """A source server as DRS last described it; `syncedAt` says when."""

    sourceServerId = Text(source="source_server_id")
    accountId = Text(source="account.account_id")
    region = Text()
    name = Text()
    hostname = Text()
    fqdn = Text()
    ips = serializers.ListField(child=Text())
    os = Text()
    cpus = Whole(allow_null=True)
    ramBytes = serializers.IntegerField(source="ram_bytes", allow_null=True)
    disks = DiskAnswer(many=True)
    recommendedInstanceType = Text(source="recommended_instance_type")
    originInstanceId = Text(source="origin_instance_id")
    replicationState = Text(source="replication_state")
    isLaunchable = Flag(source="is_launchable")
    lagSeconds = Whole(source="lag_seconds", allow_null=True)
    backlogBytes = serializers.IntegerField(source="backlog_bytes")
    lastSeenAt = serializers.DateTimeField(source="last_seen_at", allow_null=True)
    stalledReason = Text(source="stalled_reason")
    recoveryInstanceId = Text(source="recovery_instance_id")
    agentVersion = Text(source="agent_version")
    stagingAccountId = Text(source="staging_account_id")
    tags = serializers.SerializerMethodField()
    groupId = serializers.CharField(source="group_id", allow_null=True)
    groupName = serializers.CharField(source="group.name", allow_null=True, default=None)
    hold = serializers.SerializerMethodField()
    syncedAt = serializers.DateTimeField(source="synced_at")
    missingSince = serializers.DateTimeField(source="missing_since", allow_null=True)

    def get_tags(self, row: SourceServer) -> dict[str, str]:
        """Its tags by key."""
        return {tag.key: tag.value for tag in row.tags.all()}

    @extend_schema_field(HoldAnswer(allow_null=True))
    def get_hold(self, row: SourceServer) -> Any:
        """Which execution has it; null when none has."""
        return HoldAnswer(row.hold).data if hasattr(row, "hold") else None
