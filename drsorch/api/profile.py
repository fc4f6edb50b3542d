"""Who am I, what may I do, and with what?"""

from typing import Any

from rest_framework import serializers

from drsorch.access import policy, reach, sight
from drsorch.access.reach import Level
from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.fields import Text, Whole
from drsorch.api.paging import USUAL, Page, page_of
from drsorch.api.serializers import Answer
from drsorch.api.views import ApiViewSet
from drsorch.audit.actor import Actor

LEVELS = [level.value for level in Level]
BY_NAME: dict[str, tuple[str, ...]] = {"name": ("name", "pk")}


class ReachedAnswer(Answer):
    """An object, and what may be done with it, where the permission for that is there."""

    name = Text()
    level = serializers.ChoiceField(choices=LEVELS)


class ReachedAccount(ReachedAnswer):
    """An AWS account in reach."""

    accountId = Text(source="account_id")


class ReachedGroup(ReachedAnswer):
    """A protection group in reach."""

    groupId = serializers.CharField(source="pk")


class ReachedPlan(ReachedAnswer):
    """A recovery plan in reach."""

    planId = serializers.CharField(source="pk")


class SomeAnswer(Answer):
    """The first 50 by name, and how many there are: null above 10 000. The list of the kind has them all."""

    count = Whole(allow_null=True)


class SomeAccounts(SomeAnswer):
    """Accounts in reach."""

    items = ReachedAccount(many=True)


class SomeGroups(SomeAnswer):
    """Protection groups in reach."""

    items = ReachedGroup(many=True)


class SomePlans(SomeAnswer):
    """Recovery plans in reach."""

    items = ReachedPlan(many=True)


class ScopeAnswer(Answer):
    """What the caller reaches. `everything` is the level at which that is everything, null when it is not.

    The others are what is reached beyond that, granted itself or inherited: nothing when everything may be managed.
    """

    everything = serializers.ChoiceField(choices=LEVELS, allow_null=True)
    accounts = SomeAccounts()
    groups = SomeGroups()
    plans = SomePlans()


class ProfileAnswer(Answer):
    """The caller, their roles, the permissions that are left of them here, and on what those may be used."""

    username = Text()
    email = Text()
    roles = serializers.ListField(child=Text())
    permissions = serializers.ListField(child=Text())
    scope = ScopeAnswer()


EXAMPLE = {
    "username": "olga",
    "email": "olga@example.org",
    "roles": ["DRSRecoveryManager"],
    "permissions": ["drs:ExecuteRecovery", "drs:ViewResources"],
    "scope": {
        "everything": None,
        "accounts": {"count": 1, "items": [{"accountId": "222222222222", "name": "Target", "level": "operate"}]},
        "groups": {"count": 1, "items": [{"groupId": "7", "name": "Billing databases", "level": "operate"}]},
        "plans": {"count": 1, "items": [{"planId": "3", "name": "Billing", "level": "operate"}]},
    },
}


class ProfileViewSet(ApiViewSet):
    """The caller."""

    tag = "Users"

    @endpoint(None, answer=ProfileAnswer, example=EXAMPLE)
    def profile(self) -> Any:
        """Return who you are, your roles, your permissions, and the accounts, groups and plans that you reach."""
        user = self.actor.user
        return {
            "username": user.get_username(),
            "email": user.email,
            "roles": sorted(policy.standing(user).groups),
            "permissions": sorted(each for each in Permission if policy.has(self.actor, each)),
            "scope": _scope(self.actor),
        }


def _scope(actor: Actor) -> dict[str, Any]:
    everything = sight.everything_at(actor)
    found: dict[str, Page] = {
        model.in_scope_as: page_of(  # type: ignore[attr-defined]
            sight.reached_beyond(actor, model, everything), {"page_size": USUAL}, BY_NAME, "name"
        )
        for model in reach.grantable_models()
    }
    return {"everything": everything, **found}
