"""The people who use drsorch, and the tokens of their automation."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.utils import timezone

from drsorch.access.roles import Permission, Right


class User(AbstractUser):
    """A person. Roles are Django groups with the names of `roles.Role`."""

    access_via = ()


class RoleGroup(Group):
    """A Django group as what it is here: one of the roles of `roles.Role`."""

    access_via = ()

    class Meta:
        proxy = True
        verbose_name = "role"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens, narrowed."""

    def usable(self) -> "ApiTokenQuerySet":
        """Those that are neither revoked nor expired."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())

    def ended(self) -> "ApiTokenQuerySet":
        """The others."""
        return self.exclude(revoked_at=None, expires_at__gt=timezone.now())


class ApiToken(models.Model):
    """Lets a program act for its owner, with at most these scopes. Revoked ones are kept; the secret is not."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, editable=False)  # SHA-256 of the secret, in hexadecimal
    scopes = models.JSONField(default=list)  # values of roles.Permission
    account_ids = models.JSONField("accounts", null=True, blank=True)  # AWS account ids; null: all that the owner may
    ranges = models.JSONField("address ranges", default=list, blank=True)  # CIDR; empty: from everywhere
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()
    access_via = ()

    class Meta:
        ordering = ["-pk"]
        verbose_name = "API token"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=models.Q(revoked_at=None),
                name="token_name_unique_while_not_revoked",
                violation_error_message="You have a token of that name already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.owner}"

    @property
    def right(self) -> Right:
        """What it leaves of its owner's rights."""
        accounts = None if self.account_ids is None else frozenset(self.account_ids)
        return Right(frozenset(Permission(scope) for scope in self.scopes), accounts)

    @property
    def is_expired(self) -> bool:
        """True when its time is over."""
        return self.expires_at <= timezone.now()

    @property
    def is_usable(self) -> bool:
        """True while it is neither revoked nor expired."""
        return self.revoked_at is None and not self.is_expired
