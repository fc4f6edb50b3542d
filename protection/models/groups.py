"""Protection groups, and who holds a server right now."""

from django.apps import apps
from django.db import models
from django.db.models.functions import Lower

from drsorch.authored import Authored
from drsorch.counts import number_of
from protection.models.accounts import TargetAccount


class ProtectionGroupQuerySet(models.QuerySet):
    """Protection groups, narrowed."""

    def for_list(self) -> "ProtectionGroupQuerySet":
        """With what a list shows."""
        servers = apps.get_model("protection.SourceServer").objects.filter(group=models.OuterRef("pk"))
        counted = self.annotate(server_count=number_of(servers, "group"))
        return counted.select_related("account").order_by("name")


class ProtectionGroup(Authored):
    """A named set of source servers of one account and Region."""

    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    account = models.ForeignKey(TargetAccount, on_delete=models.PROTECT, related_name="groups")
    region = models.CharField(max_length=32)
    tier = models.CharField(max_length=50, blank=True)
    rto_minutes = models.PositiveIntegerField("RTO in minutes", null=True, blank=True)
    rpo_minutes = models.PositiveIntegerField("RPO in minutes", null=True, blank=True)

    objects = ProtectionGroupQuerySet.as_manager()
    access_via = ("account",)
    in_scope_as = "groups"
    typed = ("name", "description", "tier")

    class Meta:
        ordering = ["name"]
        verbose_name = "protection group"
        indexes = [models.Index(fields=["name", "id"], name="group_by_name")]
        permissions = [("operate_protectiongroup", "Can operate"), ("manage_protectiongroup", "Can manage")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="group_name_unique_without_case",
                violation_error_message="There is a protection group of that name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def audited_account(self) -> str:
        """Its account."""
        return self.account.account_id


class ServerHold(models.Model):
    """Who holds a server right now, written by an execution and read by everybody below it."""

    server = models.OneToOneField("protection.SourceServer", on_delete=models.PROTECT, related_name="hold")
    holder = models.UUIDField(db_index=True)
    label = models.CharField(max_length=255)
    link = models.CharField(max_length=255)
    mode = models.CharField(max_length=16)
    since = models.DateTimeField(auto_now_add=True)

    access_via = ("server",)

    class Meta:
        verbose_name = "server hold"

    def __str__(self) -> str:
        return f"hold of {self.server}"  # without the holder, who may be out of sight
