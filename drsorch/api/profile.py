"""Who am I, and what may I do?"""

from typing import Any

from rest_framework import serializers

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.fields import Text
from drsorch.api.serializers import Answer
from drsorch.api.views import ApiViewSet


class ProfileAnswer(Answer):
    """The caller, their roles, and the permissions that are left of them here."""

    username = Text()
    email = Text()
    roles = serializers.ListField(child=Text())
    permissions = serializers.ListField(child=Text())


class ProfileViewSet(ApiViewSet):
    """The caller."""

    tag = "Users"

    @endpoint(
        None,
        answer=ProfileAnswer,
        example={
            "username": "olga",
            "email": "olga@example.org",
            "roles": ["DRSRecoveryManager"],
            "permissions": ["drs:ExecuteRecovery", "drs:ViewResources"],
        },
    )
    def profile(self) -> Any:
        """Return who you are, your roles and your permissions."""
        user = self.actor.user
        return {
            "username": user.get_username(),
            "email": user.email,
            "roles": sorted(user.groups.values_list("name", flat=True)),
            "permissions": sorted(each for each in Permission if policy.has(self.actor, each)),
        }
