"""Rows that carry who made and last changed them, and an optimistic lock."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F

from drsorch.audit.actor import Actor
from drsorch.errors import VersionMismatch


class Authored(models.Model):
    """Made and changed by people; `version` rises with every saved change."""

    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def claim_version(self, version: int | None, actor: Actor) -> None:
        """Raise the version from `version` (None: from whatever it is) and note who changes the row.

        Raises VersionMismatch when somebody saved meanwhile. Must be called first in the transaction of the change:
        the row stays locked until it ends, and `self` is as the database has it now.
        """
        mine: models.QuerySet[Any] = type(self)._default_manager.filter(pk=self.pk)
        if version is not None:
            mine = mine.filter(version=version)
        if not mine.update(version=F("version") + 1, changed_by=actor.user):
            raise VersionMismatch(f"{self} was changed by someone else. Reload it and try again.")
        self.refresh_from_db()
