"""Who one is and what one reaches, through the API."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from drsorch.access.grants import grant
from drsorch.access.models import OrgWideGrant
from drsorch.access.roles import Permission, Role
from drsorch.access.tokens import issue_token
from drsorch.api import profile
from tests import factories
from tests.access.estate import estate, plan
from tests.api.test_paging import count_queries, fill

pytestmark = pytest.mark.django_db
SOON = timezone.now() + timedelta(days=1)
NOTHING = {name: {"count": 0, "items": []} for name in ("accounts", "groups", "plans")}


@pytest.fixture
def gina(db):
    """Operates what is granted to her: nothing as yet."""
    return factories.person("gina", Role.RECOVERY_MANAGER, everywhere=False)


@pytest.fixture
def scope_of(calling):
    """Ask for the scope, and return it with the names and levels of each kind."""

    def ask(actor, text=""):
        caller = calling(None if text else actor)
        if text:
            caller.client = APIClient(HTTP_AUTHORIZATION=f"Bearer {text}")
        found = caller.data("GET", "/users/profile")["scope"]
        kinds = {kind: {each["name"]: each["level"] for each in found[kind]["items"]} for kind in NOTHING}
        assert {kind: found[kind]["count"] for kind in NOTHING} == {kind: len(kinds[kind]) for kind in NOTHING}
        return found["everything"], kinds["accounts"], kinds["groups"], kinds["plans"]

    return ask


def test_the_profile_says_who_one_is(calling, olga, sam):
    assert calling(olga).data("GET", "/users/profile") == {
        "username": "olga",
        "email": "",
        "roles": ["DRSRecoveryManager"],
        "permissions": ["drs:ExecuteRecovery", "drs:ManageExecution", "drs:TerminateInstances", "drs:ViewResources"],
        "scope": {"everything": "manage", **NOTHING},
    }
    nothing = calling(sam).data("GET", "/users/profile")
    assert (nothing["permissions"], nothing["scope"]) == ([], {"everything": None, **NOTHING})


def test_what_is_granted_is_in_the_scope_with_what_inherits_it_and_nothing_else(scope_of, calling, gina, ada):
    world = estate()
    assert scope_of(gina) == (None, {}, {}, {})

    grant(to=gina.user, obj=world.north, level="operate", actor=ada)
    grant(to=gina.user, obj=world.south_group, level="manage", actor=ada)
    grant(to=gina.user, obj=world.both_plan, level="view", actor=ada)

    groups, plans = {"north-db": "operate", "south-db": "manage"}, {"Both": "view", "North plan": "operate"}
    assert scope_of(gina) == (None, {"North": "operate"}, groups, plans)
    found = calling(gina).data("GET", "/users/profile")["scope"]
    assert found["accounts"]["items"][0]["accountId"] == world.north.account_id
    assert {each["groupId"] for each in found["groups"]["items"]} == {
        str(world.north_group.pk),
        str(world.south_group.pk),
    }
    assert {each["planId"] for each in found["plans"]["items"]} == {str(world.north_plan.pk), str(world.both_plan.pk)}


def test_the_scope_is_what_the_lists_show(calling, gina, ada):
    world = estate()
    grant(to=gina.user, obj=world.north, level="operate", actor=ada)
    grant(to=gina.user, obj=world.south_plan, level="view", actor=ada)
    ask = calling(gina)
    scope = ask.data("GET", "/users/profile")["scope"]

    for kind, path in (("accounts", "/accounts"), ("groups", "/protection-groups"), ("plans", "/recovery-plans")):
        shown = [each["name"] for each in ask.data("GET", path)["items"]]
        assert [each["name"] for each in scope[kind]["items"]] == shown != []


@pytest.mark.parametrize(
    ("everything", "named"), [("view", {"North": "manage", "South": "operate"}), ("operate", {"North": "manage"})]
)
def test_whoever_reaches_everything_is_told_what_they_reach_beyond_that(scope_of, gina, ada, everything, named):
    world = estate()
    OrgWideGrant.objects.create(user=gina.user, level=everything)
    grant(to=gina.user, obj=world.north, level="manage", actor=ada)
    grant(to=gina.user, obj=world.south, level="operate", actor=ada)

    level, accounts, _, _ = scope_of(gina)

    assert (level, accounts) == (everything, named)


def test_a_token_reaches_what_it_leaves_of_its_owner_s_scope(scope_of, ada):
    world = estate()

    def token(name, scopes, **more):
        return issue_token(owner=ada.user, actor=ada, name=name, scopes=scopes, expires_at=SOON, **more)[1]

    whole = token("whole", list(Permission))
    north = token("north", list(Permission), account_ids=[world.north.account_id])
    blind = token("blind", [Permission.MANAGE_ACCOUNTS])

    assert scope_of(ada, whole) == ("manage", {}, {}, {})
    assert scope_of(ada, north) == (None, {"North": "manage"}, {"north-db": "manage"}, {"North plan": "manage"})
    assert scope_of(ada, blind) == (None, {}, {}, {})


def test_a_long_scope_is_cut_and_counted_and_costs_the_same_few_queries(calling, gina, ada, monkeypatch):
    monkeypatch.setattr(profile, "SHOWN", 2)
    ask = calling(gina)
    fill(ada, 2)
    world = estate()
    grant(to=gina.user, obj=world.north, level="view", actor=ada)
    few = len(count_queries(ask, "/users/profile"))
    fill(ada, 5, first=2)
    for row in (world.south, plan("Other", world.north_group)):
        grant(to=gina.user, obj=row, level="view", actor=ada)

    queries = count_queries(ask, "/users/profile")
    found = ask.data("GET", "/users/profile")["scope"]

    assert (len(found["plans"]["items"]), found["plans"]["count"]) == (2, 4)
    assert len(queries) == few, queries
    monkeypatch.setattr(profile, "COUNTED", 3)
    found = ask.data("GET", "/users/profile")["scope"]
    assert (len(found["plans"]["items"]), found["plans"]["count"]) == (2, None)
