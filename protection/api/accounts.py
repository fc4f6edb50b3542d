"""Endpoints of accounts, and of what is known of their Regions."""

from typing import Any

from django.db.models import Count, Min, OuterRef, QuerySet

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from drsorch.counts import number_of
from protection import services
from protection.models import AccountRegion, ProtectionGroup, SourceServer, TargetAccount
from protection.serializers import accounts as shapes
from protection.serializers.accounts import AccountAnswer

VIEW, MANAGE = Permission.VIEW_RESOURCES, Permission.MANAGE_ACCOUNTS
EXAMPLE = {
    "accountId": "222222222222",
    "name": "Target",
    "partition": "aws",
    "roleArn": "arn:aws:iam::222222222222:role/drsorch-spoke",
    "tagJobs": True,
    "status": "VALID",
    "statusReason": "",
    "validatedAt": "2026-03-01T12:00:00Z",
    "regions": [
        {
            "region": "us-east-1",
            "enabled": True,
            "initialized": True,
            "lastSyncedAt": "2026-03-01T12:05:00Z",
            "lastError": "",
            "lastErrorAt": None,
        }
    ],
    "version": 2,
    "createdAt": "2026-03-01T11:58:00Z",
    "changedAt": "2026-03-01T12:00:00Z",
    "allowedActions": [{"action": "update", "allowed": True, "reason": ""}],
}
STAGING = {
    "stagingAccounts": [
        {
            "accountId": "333333333333",
            "name": "Staging",
            "region": "us-east-1",
            "serverCount": 12,
            "syncedAt": "2026-03-01T12:05:00Z",
        }
    ]
}
OWN = {"accountId": "111111111111", "arn": "arn:aws:iam::111111111111:role/drsorch", "isRegistered": False}
PLACE = {"accountId": "222222222222", "accountName": "Target", "region": "us-east-1"}
STATE = PLACE | {
    "enabled": True,
    "initialized": True,
    "serverCount": 42,
    "lastSyncedAt": "2026-03-01T12:05:00Z",
    "lastError": "",
}
CAPACITY = PLACE | {
    "replicatingServers": 42,
    "replicatingServersQuota": 300,
    "quotasReadAt": "2026-03-01T06:00:00Z",
    "lastSyncedAt": "2026-03-01T12:05:00Z",
}


class AccountViewSet(ApiViewSet):
    """Target accounts."""

    tag = "Accounts"

    def rows(self) -> "QuerySet[TargetAccount]":
        """Return accounts with all that is answered about them."""
        groups = ProtectionGroup.objects.filter(account=OuterRef("pk"))
        found = TargetAccount.objects.annotate(group_count=number_of(groups, "account")).prefetch_related("regions")
        return self.manageable(found, MANAGE)

    @endpoint(VIEW, query=shapes.AccountQuery, answer=AccountAnswer, is_list=True, usual_order="name", example=EXAMPLE)
    def list(self) -> Any:
        """List accounts."""
        return self.page(self.rows())

    @endpoint(VIEW, answer=AccountAnswer, has_version=True, example=EXAMPLE)
    def retrieve(self, account_id: str) -> Any:
        """Get one account."""
        return self.one(self.rows(), account_id=account_id)

    @endpoint(
        MANAGE,
        action="register_account",
        body=shapes.NewAccountInput,
        answer=AccountAnswer,
        status=201,
        has_version=True,
        conflicts=("ACCOUNT_TAKEN",),
        example=EXAMPLE,
    )
    def create(self) -> Any:
        """Register an account. It is not validated yet."""
        services.register_account(actor=self.actor, **self.body)
        return self.one(self.rows(), account_id=self.body["account_id"])

    @endpoint(
        MANAGE,
        action="update_account",
        body=shapes.AccountInput,
        answer=AccountAnswer,
        takes_version=True,
        has_version=True,
        example=EXAMPLE,
    )
    def update(self, account_id: str) -> Any:
        """Change an account. A changed role or external id has to be validated again."""
        account = self.one(TargetAccount.objects.all(), account_id=account_id)
        services.update_account(account=account, actor=self.actor, version=self.version, **self.body)
        return self.one(self.rows(), account_id=account_id)

    @endpoint(MANAGE, action="remove_account", takes_version=True, conflicts=("IN_USE",))
    def destroy(self, account_id: str) -> None:
        """Forget an account that no group uses and no execution has run in. Nothing in AWS changes."""
        account = self.one(TargetAccount.objects.all(), account_id=account_id)
        services.remove_account(account=account, actor=self.actor, version=self.version)

    @endpoint(MANAGE, action="validate_account", answer=AccountAnswer, has_version=True, asks_aws=True, example=EXAMPLE)
    def validate(self, account_id: str) -> Any:
        """Ask AWS whether we may act in the account. A refusal is the account's status, not an error."""
        account = self.one(TargetAccount.objects.all(), account_id=account_id)
        services.validate_account(account=account, actor=self.actor)
        return self.one(self.rows(), account_id=account_id)

    @endpoint(VIEW, answer=shapes.StagingAnswer, example=STAGING)
    def staging_accounts(self, account_id: str) -> Any:
        """Say which accounts hold the replication of servers that are extended into this one. No AWS."""
        account = self.one(TargetAccount.objects.all(), account_id=account_id)
        extended = account.servers.present().exclude(staging_account_id="")
        found = extended.order_by("staging_account_id", "region").values("staging_account_id", "region")
        places = list(found.annotate(server_count=Count("pk"), seen_at=Min("synced_at")))
        holders = TargetAccount.objects.filter(account_id__in={place["staging_account_id"] for place in places})
        names = dict(self.scoped(holders).values_list("account_id", "name"))
        return {"places": [place | {"name": names.get(place["staging_account_id"])} for place in places]}

    @endpoint(VIEW, answer=shapes.OwnAccountAnswer, asks_aws=True, example=OWN)
    def current(self) -> Any:
        """Ask AWS whose credentials this installation runs with."""
        identity = services.own_account(actor=self.actor)
        known = self.scoped(TargetAccount.objects.filter(account_id=identity.account_id)).exists()
        return {"account_id": identity.account_id, "arn": identity.arn, "is_registered": known}


class PlaceViewSet(ApiViewSet):
    """What is known of the Regions of accounts. No AWS."""

    tag = "DRS"

    def rows(self) -> "QuerySet[AccountRegion]":
        """Return the Regions with the number of their servers that DRS has."""
        here = SourceServer.objects.present().filter(account=OuterRef("account"), region=OuterRef("region"))
        return AccountRegion.objects.select_related("account").annotate(server_count=number_of(here, "account"))

    @endpoint(
        VIEW,
        query=shapes.PlaceQuery,
        answer=shapes.StateOfPlaceAnswer,
        is_list=True,
        usual_order="accountId",
        example=STATE,
    )
    def states(self) -> Any:
        """List the accounts' Regions: is DRS initialised there, how many servers, when did we look."""
        return self.page(self.rows())

    @endpoint(
        VIEW,
        query=shapes.PlaceQuery,
        answer=shapes.CapacityAnswer,
        is_list=True,
        usual_order="accountId",
        example=CAPACITY,
    )
    def capacity(self) -> Any:
        """List how many servers replicate in each enabled Region, of how many that DRS allows there."""
        return self.page(self.rows().filter(is_enabled=True))

    @endpoint(VIEW, answer=shapes.RegionsAnswer, example={"partitions": {"aws": ["eu-west-1", "us-east-1"]}})
    def regions(self) -> Any:
        """Return the Regions in which DRS is offered, by partition."""
        return {"partitions": services.offered_regions()}

    @endpoint(
        VIEW,
        action="request_sync",
        body=shapes.SyncInput,
        answer=shapes.SyncAnswer,
        status=202,
        is_costly=True,
        example={"regions": 3},
    )
    def sync(self) -> Any:
        """Ask the worker to read the inventory of an account, or of all in sight, now.

        A Region that waits for the worker already is not read twice.
        """
        named = {"account_id": self.body["account_id"]} if "account_id" in self.body else {}
        accounts = (
            [self.one(TargetAccount.objects.all(), **named)]
            if named
            else list(self.scoped(TargetAccount.objects.order_by("pk")))
        )
        return {"regions": sum(services.request_sync(account=each, actor=self.actor) for each in accounts)}
