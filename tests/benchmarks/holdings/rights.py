"""Grants and tokens, and what somebody is said to have done."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission as DjangoPermission

from drsorch.access.models import ApiToken, Team, User
from drsorch.access.roles import Permission
from plans.models import PlanTeamGrant, PlanUserGrant
from protection.models import AccountUserGrant, GroupTeamGrant, GroupUserGrant, TargetAccount
from tests.benchmarks.holdings.stock import ACCOUNTS, Stock

CROWD = 20
LEVELS = ("view", "operate", "manage")


def write_grants(stock: Stock) -> None:
    """Grant groups and plans to a crowd and its teams: what others are granted is what must not be searched."""
    people = User.objects.bulk_create(User(username=f"person-{number}") for number in range(CROWD))
    teams = [Team.objects.create(name=f"team-{number}") for number in range(CROWD)]
    for number, person in enumerate(people):
        person.groups.add(teams[number])
    tables = ((GroupUserGrant, GroupTeamGrant, stock.groups), (PlanUserGrant, PlanTeamGrant, stock.plans))
    for to_person, to_team, rows in tables:
        level = granting(type(rows[0]))
        to_person.objects.bulk_create(
            to_person(user=people[n % CROWD], permission=level(LEVELS[n % 3]), content_object=row)
            for n, row in enumerate(rows)
        )
        to_team.objects.bulk_create(
            to_team(group=teams[n % CROWD], permission=level(LEVELS[n % 3]), content_object=row)
            for n, row in enumerate(rows)
        )
    manages = granting(TargetAccount)("manage")
    AccountUserGrant.objects.bulk_create(
        AccountUserGrant(user=person, permission=manages, content_object=stock.accounts[n % ACCOUNTS])
        for n, person in enumerate(people)
    )


def write_tokens(stock: Stock, owner: User) -> None:
    """Let the owner have tokens, of which none is used."""
    ApiToken.objects.bulk_create(
        ApiToken(
            owner=owner,
            name=f"Pipeline {number}",
            digest=hashlib.sha256(str(number).encode()).hexdigest(),
            scopes=[Permission.VIEW_RESOURCES],
            expires_at=stock.now + timedelta(days=30),
        )
        for number in range(max(2, stock.size.executions // 500))
    )


def granting(model: Any) -> Callable[[str], DjangoPermission]:
    """Return what gives the permission of a level on rows of `model`."""
    names = {each.codename: each for each in DjangoPermission.objects.filter(codename__endswith=model._meta.model_name)}
    return lambda level: names[f"{level}_{model._meta.model_name}"]


def evidence(events: int) -> Iterator[dict[str, Any]]:
    """Yield what so many audit events say, one after the other."""
    for number in range(events):
        yield {
            "actor": f"person-{number % CROWD}",
            "action": ("start_execution", "update_group", "issue_token", "terminate_instances")[number % 4],
            "object_kind": ("execution", "protectiongroup", "apitoken", "execution")[number % 4],
            "object_id": str(number % 5000),
            "account": str(4 * 10**11 + number % ACCOUNTS),
            "outcome": "DENIED" if number % 50 == 7 else "ALLOWED",
            "actor_kind": ("PERSON", "TOKEN", "PERSON", "SYSTEM")[number % 4],
            "token": str(number // 4 % 100) if number % 4 == 1 else "",
            "source": ("UI", "API", "CLI", "SCHEDULE")[number % 4],
            "address": f"198.51.100.{number % 250}" if number % 4 < 2 else "",
            "request_id": f"{number // 2:032x}",
        }
