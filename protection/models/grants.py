"""Accounts and protection groups granted to people and teams."""

from django.db import models

from drsorch.access.models import TeamGrant, UserGrant
from protection.models.accounts import TargetAccount
from protection.models.groups import ProtectionGroup


class AccountUserGrant(UserGrant):
    """An account granted to a person, with its groups and servers, and with plans and executions within it."""

    content_object = models.ForeignKey(TargetAccount, on_delete=models.CASCADE, related_name="user_grants")

    class Meta(UserGrant.Meta):
        verbose_name = "account granted to a person"
        verbose_name_plural = "accounts granted to people"


class AccountTeamGrant(TeamGrant):
    """An account granted to a team."""

    content_object = models.ForeignKey(TargetAccount, on_delete=models.CASCADE, related_name="team_grants")

    class Meta(TeamGrant.Meta):
        verbose_name = "account granted to a team"
        verbose_name_plural = "accounts granted to teams"


class GroupUserGrant(UserGrant):
    """A protection group granted to a person, with its servers."""

    content_object = models.ForeignKey(ProtectionGroup, on_delete=models.CASCADE, related_name="user_grants")

    class Meta(UserGrant.Meta):
        verbose_name = "protection group granted to a person"
        verbose_name_plural = "protection groups granted to people"


class GroupTeamGrant(TeamGrant):
    """A protection group granted to a team."""

    content_object = models.ForeignKey(ProtectionGroup, on_delete=models.CASCADE, related_name="team_grants")

    class Meta(TeamGrant.Meta):
        verbose_name = "protection group granted to a team"
        verbose_name_plural = "protection groups granted to teams"
