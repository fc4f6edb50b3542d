"""The people who use drsorch, what is granted to them, and the tokens of their automation."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.db import models
from django.utils import timezone
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from drsorch.access.reach import Level
from drsorch.access.roles import Permission, Right


class User(AbstractUser):
    """A person. Roles are Django groups with the names of `roles.Role`.

    Whoever signs in through an identity provider is known by its name and the subject it gives them, and by nothing
    else: an e-mail address may be given to somebody else one day. A local person has neither.
    """

    issuer = models.CharField(max_length=255, blank=True, editable=False)
    subject = models.CharField(max_length=255, blank=True, editable=False)
    groups_as_of = models.DateTimeField(null=True, editable=False)  # when the provider said what the roles are now

    access_via = ()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], condition=~models.Q(subject=""), name="one_person_for_each_subject"
            ),
        ]

    @property
    def is_unconfirmed(self) -> bool:
        """True when the provider has not named their groups for OIDC_GROUPS_DAYS days; never of a local person."""
        days = settings.OIDC_GROUPS_DAYS
        if not days or not self.subject:
            return False
        return self.groups_as_of is None or self.groups_as_of < timezone.now() - timedelta(days=days)


class RoleGroup(Group):
    """A Django group as what it is here: one of the roles of `roles.Role`."""

    access_via = ()

    class Meta:
        proxy = True
        verbose_name = "role"


class Team(Group):
    """A Django group that is no role: people to whom objects are granted together."""

    access_via = ()

    class Meta:
        proxy = True
        verbose_name = "team"


LEVELS = tuple((level.value, level.value.capitalize()) for level in Level)


class OrgWideGrant(models.Model):
    """Everything, also what is added later, granted to a person or to a group at a level."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="org_wide"
    )
    group = models.OneToOneField(Group, null=True, blank=True, on_delete=models.CASCADE, related_name="org_wide")
    level = models.CharField(max_length=8, choices=LEVELS)

    access_via = ()

    class Meta:
        verbose_name = "grant on everything"
        verbose_name_plural = "grants on everything"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user=None, group__isnull=False) | models.Q(user__isnull=False, group=None),
                name="everything_is_granted_to_one_person_or_one_group",
                violation_error_message="Choose a person or a group, and not both.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()} everything, for {self.user or self.group}"


class UserGrant(UserObjectPermissionBase):
    """One object granted to a person at one level. The table of a model adds `content_object`."""

    access_via = ()

    class Meta:
        abstract = True
        unique_together = ()
        constraints = [models.UniqueConstraint(fields=["user", "content_object"], name="%(class)s_is_one")]

    @property
    def level(self) -> str:
        """The level."""
        return self.permission.codename.partition("_")[0]


class TeamGrant(GroupObjectPermissionBase):
    """One object granted to a group at one level. The table of a model adds `content_object`."""

    access_via = ()

    class Meta:
        abstract = True
        unique_together = ()
        constraints = [models.UniqueConstraint(fields=["group", "content_object"], name="%(class)s_is_one")]

    @property
    def level(self) -> str:
        """The level."""
        return self.permission.codename.partition("_")[0]


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
    sources = models.JSONField(default=list, blank=True)  # values of audit.actor.Source that it may name beside API
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
        return Right(frozenset(permission for permission in Permission if permission in self.scopes), accounts)

    @property
    def is_expired(self) -> bool:
        """True when its time is over."""
        return self.expires_at <= timezone.now()

    @property
    def is_usable(self) -> bool:
        """True while it is neither revoked nor expired."""
        return self.revoked_at is None and not self.is_expired
