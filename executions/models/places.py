"""The accounts that executions ran in: few sets, each kept once, so that what one may see is asked of them."""

import hashlib
from collections.abc import Iterable

from django.db import models

from protection.models import TargetAccount


def key_of(account_pks: Iterable[int]) -> str:
    """Return what tells a set of accounts from others: the digest of their primary keys in their order."""
    return hashlib.sha256(",".join(str(pk) for pk in account_pks).encode()).hexdigest()


class AccountSet(models.Model):
    """Accounts that executions ran in together. Whoever reaches all of them reaches those executions."""

    key = models.CharField(max_length=64, unique=True)
    accounts = models.ManyToManyField(TargetAccount, related_name="account_sets")

    access_via = ("accounts",)

    def __str__(self) -> str:
        return f"accounts {self.key[:8]}"

    @classmethod
    def of(cls, account_pks: Iterable[int]) -> "AccountSet":
        """Return the set of these accounts, made when there is none yet. Call inside a transaction."""
        pks = sorted(set(account_pks))
        row, is_new = cls.objects.get_or_create(key=key_of(pks))
        if is_new:
            row.accounts.set(pks)
        return row
