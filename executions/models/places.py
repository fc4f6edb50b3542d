"""Where executions ran: few sets of AWS accounts and Regions, each kept once, which may be asked instead of servers."""

import hashlib
from collections.abc import Iterable

from django.db import models

from protection.models import TargetAccount

Place = tuple[int, str]  # the primary key of an account, and a Region of it


def key_of(places: Iterable[Place]) -> str:
    """Return what tells a set of places from others: the digest of them in their order."""
    return hashlib.sha256(",".join(f"{account}/{region}" for account, region in places).encode()).hexdigest()


class AccountSet(models.Model):
    """Accounts that executions ran in together. Whoever reaches all of them reaches those executions.

    The same accounts in other Regions are another set, so that it tells also in which Regions that was.
    """

    key = models.CharField(max_length=64, unique=True)
    accounts = models.ManyToManyField(TargetAccount, related_name="account_sets")

    access_via = ("accounts",)

    def __str__(self) -> str:
        return f"accounts {self.key[:8]}"

    @classmethod
    def of(cls, places: Iterable[Place]) -> "AccountSet":
        """Return the set of these places, made when there is none yet. Call inside a transaction."""
        found = sorted(set(places))
        row, is_new = cls.objects.get_or_create(key=key_of(found))
        if is_new:
            row.accounts.set({account for account, _ in found})
            AccountSetRegion.objects.bulk_create(
                AccountSetRegion(account_set=row, account_id=account, region=region) for account, region in found
            )
        return row


class AccountSetRegion(models.Model):
    """A Region of an account in which the executions of a set launched servers."""

    account_set = models.ForeignKey(AccountSet, on_delete=models.CASCADE, related_name="regions", db_index=False)
    account = models.ForeignKey(TargetAccount, on_delete=models.CASCADE, related_name="+")
    region = models.CharField(max_length=32)

    access_via = ("account_set",)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_set", "account", "region"], name="region_once_in_account_set")
        ]

    def __str__(self) -> str:
        return f"{self.region} of {self.account}"
