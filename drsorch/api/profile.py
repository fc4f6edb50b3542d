"""Who am I, what may I do, and with what?"""

from typing import Any

from django.db.models import Count, QuerySet, Window
from rest_framework import serializers

from drsorch.access import policy, reach, sight
from drsorch.access.reach import Level
from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.fields import Text, Whole
from drsorch.api.serializers import Answer
from drsorch.api.views import ApiViewSet
from drsorch.audit.actor import Actor
from drsorch.counts import COUNTED

LEVELS = [level.value for level in Level]
SHOWN = 10  # of each kind; the list of the kind has them all


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
    """The first 10 by name, and how many there are: null above 10 000. The list of the kind has them all."""

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
    found = {
        model.in_scope_as: _some(sight.reached_beyond(actor, model, everything))  # type: ignore[attr-defined]
        for model in reach.grantable_models()
    }
    return {"everything": everything, **found}


def _some(rows: QuerySet[Any]) -> dict[str, Any]:
    """Return the first by name, each of which knows how many there are: one query for both."""
    found = list(rows.annotate(in_all=Window(Count("pk"))).order_by("name", "pk")[:SHOWN])
    count = found[0].in_all if found else 0
    return {"count": count if count <= COUNTED else None, "items": found}
