"""Why somebody may or may not: the answer agrees with the policy, and the sentences name what decides."""

import pytest

from drsorch.access import policy
from drsorch.access.explain import explain, holdings
from drsorch.access.grants import grant, save_team
from drsorch.access.models import Team
from drsorch.access.policy import Level
from drsorch.access.requests import actor_named
from drsorch.access.roles import NEEDED_LEVEL, Permission, Role
from tests import factories
from tests.access.conftest import staff

pytestmark = pytest.mark.django_db
P = Permission
PROFILE = "/account/profile"


@pytest.fixture
def oscar(world, ada):
    """Operates the north, through a team, and views the south."""
    person = factories.person("oscar", Role.OPERATOR, everywhere=False)
    team = save_team(team=Team(), name="Northerners", members=[person.user], actor=ada)
    grant(to=team, obj=world.north, level=Level.OPERATE, actor=ada)
    grant(to=person.user, obj=world.south, level=Level.VIEW, actor=ada)
    return actor_named("oscar")


def test_what_is_allowed_is_explained_by_role_and_grant(world, oscar):
    answer = explain(oscar, P.EXECUTE_RECOVERY, world.north_plan)

    assert answer.is_allowed
    assert answer.reasons == (
        "The role Operator gives drs:ExecuteRecovery.",
        "“operate” on target account North (222222222222), through the team Northerners.",
    )
    assert answer.missing == ()


def test_a_missing_grant_is_named_with_the_ways_to_it_and_the_accounts_that_lack_it(world, oscar):
    answer = explain(oscar, P.EXECUTE_RECOVERY, world.both_plan)

    assert not answer.is_allowed
    assert "“view” on target account South (333333333333)." in answer.reasons
    assert answer.missing == (
        "No grant gives “operate” on Both: it is reached by a grant on the recovery plan itself, or every target "
        "account.",
        "No grant gives “operate” on South (333333333333) in it.",
    )


def test_a_missing_role_is_named_with_the_roles_that_would_do(world, oscar):
    answer = explain(oscar, P.TERMINATE_INSTANCES, world.north_run)

    assert answer.missing == (
        "None of the roles gives drs:TerminateInstances. These would: Administrator, Recovery manager.",
    )


def test_what_reaches_everything_is_said_with_where_it_comes_from(world, ada, olga):
    anton = factories.person("anton", Role.AUDITOR, everywhere=False)

    assert "“view” on everything, by the role Auditor." in explain(anton, P.VIEW_RESOURCES, world.north).reasons
    assert "“manage” on everything, by the role Administrator." in explain(ada, P.MANAGE_ACCOUNTS, world.north).reasons
    assert "“manage” on everything." in explain(olga, P.VIEW_RESOURCES, world.north).reasons


def test_somebody_inactive_may_nothing_and_that_is_why(world, olga):
    olga.user.is_active = False

    answer = explain(olga, P.VIEW_RESOURCES, world.north)

    assert not answer.is_allowed
    assert answer.missing[0] == "olga is not active."


def test_the_answer_agrees_with_the_policy_and_something_is_missing_where_it_is_no(world, ada, olga, oscar, sam):
    for actor in (ada, olga, oscar, sam):
        for permission in Permission:
            for row in vars(world).values():
                answer = explain(actor, permission, row)
                allowed = policy.can(actor, permission, row, Level(NEEDED_LEVEL[permission]))
                assert answer.is_allowed == allowed
                assert bool(answer.missing) != allowed, (actor.name, permission, row, answer)


def test_holdings_are_everything_that_is_granted(world, oscar):
    assert sorted(holdings(oscar.user)) == [
        "“operate” on target account North (222222222222), through the team Northerners.",
        "“view” on target account South (333333333333).",
    ]


# ---- The profile, and the admin


def test_the_profile_shows_ones_roles_permissions_and_grants(client, oscar):
    client.force_login(oscar.user)
    page = client.get(PROFILE).content.decode()

    for text in ("Operator", "drs:ExecuteRecovery", "through the team Northerners"):
        assert text in page
    assert "drs:ManageAccounts" in page.split('<h2 id="why-heading"')[1]  # one may ask about any permission
    assert "drs:ManageAccounts" not in page.split('<h2 id="why-heading"')[0]


def test_the_profile_explains_and_answers_what_is_out_of_sight_like_what_does_not_exist(client, world, oscar):
    client.force_login(oscar.user)
    world.south_plan.user_grants.all().delete()
    person = factories.person("nina", Role.OPERATOR, everywhere=False)

    def ask(name, kind="plans.recoveryplan"):
        address = {"permission": "drs:ExecuteRecovery", "kind": kind, "name": name}
        page = client.get(PROFILE, address).content.decode()
        return page[page.index("<main") :]

    assert "Yes: drs:ExecuteRecovery on North plan is allowed." in ask("north plan")
    assert "Yes: drs:ExecuteRecovery on North (222222222222) is allowed." in ask(
        "222222222222", "protection.targetaccount"
    )
    assert "No: drs:ExecuteRecovery on Both is not allowed." in ask("Both")
    client.force_login(person.user)
    unseen, missing = ask("Both"), ask("No such plan")
    assert "There is no such recovery plan, or you may not see it." in unseen
    assert unseen.replace("Both", "") == missing.replace("No such plan", "")


def test_the_admin_explains_for_anybody_to_those_who_see_people(client, world, ada, oscar):
    address = f"/admin/access/user/{oscar.user.pk}/explain/"
    asked = {"permission": "drs:ExecuteRecovery", "kind": "plans.recoveryplan", "name": "Both"}
    client.force_login(staff(ada).user)

    assert "through the team Northerners" in client.get(address).content.decode()
    assert "No grant gives “operate” on South" in client.get(address, asked).content.decode()
    assert address in client.get(f"/admin/access/user/{oscar.user.pk}/change/").content.decode()
    client.force_login(staff(oscar).user)
    assert client.get(address).status_code == 404
