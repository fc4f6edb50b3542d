"""Shapes of accounts. An external id goes in and never comes out."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.api.fields import Flag, Pattern, Text, Whole, account_id
from drsorch.api.offers import Offer
from drsorch.api.paging import ListQuery
from drsorch.api.serializers import Answer, Input, OfferAnswer, offered
from protection.models import TargetAccount
from protection.models.accounts import AccountStatus
from protection.quotas import quotas_at


class AccountInput(Input):
    """What a PUT writes; a registered account keeps its number and partition."""

    name = Text(max_length=100)
    roleArn = Text(source="role_arn", max_length=255, default="", help_text="Empty: the hub's own credentials.")
    externalId = Text(
        source="external_id", max_length=200, default="", write_only=True, help_text="Never shown. Empty: it stays."
    )
    tagJobs = Flag(source="tag_jobs", default=True)
    regions = serializers.ListField(child=Pattern(r"^[a-z0-9-]{5,32}$"), max_length=100)


class NewAccountInput(AccountInput):
    """What a POST writes."""

    accountId = account_id(source="account_id")
    partition = serializers.ChoiceField(choices=("aws", "aws-us-gov", "aws-eusc"), default="aws")


class AccountQuery(ListQuery):
    """Filters of accounts."""

    orderings = {"name": ("name", "pk"), "accountId": ("account_id",)}
    status = serializers.ChoiceField(choices=AccountStatus.choices, required=False)
    search = serializers.CharField(source="name__icontains", required=False, max_length=100)


class AccountRegionAnswer(Answer):
    """A Region of an account, and how the last look at it went."""

    region = Text()
    enabled = Flag(source="is_enabled")
    initialized = serializers.BooleanField(source="is_initialized", allow_null=True)
    lastSyncedAt = serializers.DateTimeField(source="last_synced_at", allow_null=True)
    lastError = Text(source="last_error")
    lastErrorAt = serializers.DateTimeField(source="last_error_at", allow_null=True)


class AccountAnswer(Answer):
    """An account."""

    accountId = Text(source="account_id")
    name = Text()
    partition = Text()
    roleArn = Text(source="role_arn")
    tagJobs = Flag(source="tag_jobs")
    status = serializers.ChoiceField(choices=AccountStatus.choices)
    statusReason = Text(source="status_reason")
    validatedAt = serializers.DateTimeField(source="validated_at", allow_null=True)
    regions = AccountRegionAnswer(source="regions.all", many=True)
    version = Whole()
    createdAt = serializers.DateTimeField(source="created_at")
    changedAt = serializers.DateTimeField(source="changed_at")
    allowedActions = serializers.SerializerMethodField()

    @extend_schema_field(OfferAnswer(many=True))
    def get_allowedActions(self, row: TargetAccount) -> Any:
        """Say what may be done, and why not."""
        reason = policy.why_not(self.context["actor"], Permission.MANAGE_ACCOUNTS, row, policy.Level.MANAGE)
        in_use = "Protection groups use this account." if getattr(row, "group_count", 0) else ""
        return offered(Offer("update", reason), Offer("validate", reason), Offer("delete", reason or in_use))


class OwnAccountAnswer(Answer):
    """Whose credentials this installation runs with."""

    accountId = Text(source="account_id")
    arn = Text()
    isRegistered = Flag(source="is_registered")


class StagingPlaceAnswer(Answer):
    """A staging account and a Region in which servers are extended. `name` is null for one that you cannot see here."""

    accountId = Text(source="staging_account_id")
    name = Text(allow_null=True)
    region = Text()
    serverCount = Whole(source="server_count")
    syncedAt = serializers.DateTimeField(source="seen_at")


class StagingAnswer(Answer):
    """The staging accounts of an account, as the inventory saw its servers last."""

    stagingAccounts = StagingPlaceAnswer(source="places", many=True)


class PlaceQuery(ListQuery):
    """Filters of Regions of accounts."""

    orderings = {"accountId": ("account__account_id", "region")}
    accountId = account_id(source="account__account_id", required=False)
    region = serializers.CharField(required=False, max_length=32)


class PlaceAnswer(Answer):
    """An account's Region."""

    accountId = Text(source="account.account_id")
    accountName = Text(source="account.name")
    region = Text()


class StateOfPlaceAnswer(PlaceAnswer):
    """How DRS is in a Region of an account."""

    enabled = Flag(source="is_enabled")
    initialized = serializers.BooleanField(source="is_initialized", allow_null=True)
    serverCount = Whole(source="server_count")
    lastSyncedAt = serializers.DateTimeField(source="last_synced_at", allow_null=True)
    lastError = Text(source="last_error")


class CapacityAnswer(PlaceAnswer):
    """How many servers replicate in a Region of an account, of how many that may."""

    replicatingServers = Whole(source="server_count")
    replicatingServersQuota = serializers.SerializerMethodField()
    quotasReadAt = serializers.DateTimeField(source="quotas_read_at", allow_null=True)
    lastSyncedAt = serializers.DateTimeField(source="last_synced_at", allow_null=True)

    def get_replicatingServersQuota(self, row: Any) -> int:
        """The quota as AWS said last, else as it documents it."""
        return quotas_at(row).replicating_servers


class RegionsAnswer(Answer):
    """The Regions in which DRS is offered, by partition."""

    partitions = serializers.DictField(child=serializers.ListField(child=Text()))


class SyncInput(Input):
    """Which account to synchronise; none: all in sight."""

    accountId = account_id(source="account_id", required=False)


class SyncAnswer(Answer):
    """How many Regions are synchronised now."""

    regions = Whole()
