"""Who reaches what: by inheritance, levels, teams and tokens."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from drsorch.access import policy, reach
from drsorch.access.grants import grant, revoke_grant, save_team
from drsorch.access.models import OrgWideGrant, Team, User
from drsorch.access.policy import Level
from drsorch.access.roles import Permission, Right, Role
from drsorch.audit.models import AuditEvent
from drsorch.errors import Denied
from executions.models import Event, ServerRun
from plans.models import RecoveryPlan, Wave
from protection.models import AccountRegion, AccountUserGrant
from protection.services import register_account
from tests import factories
from tests.access.estate import ALL, IN_NORTH, KINDS, fresh, plan, reached, token_of

pytestmark = pytest.mark.django_db
P = Permission
# What is granted, and what is reached by it.
INHERITED = [
    (["north"], IN_NORTH),
    (["north_group"], {"north_group", "north_server"}),
    (["north_plan"], {"north_plan", "north_run"}),
    (["both_plan"], {"both_plan", "both_run"}),
    (
        ["north", "both_plan"],
        {"north", "north_group", "north_server", "north_plan", "north_run"} | {"both_plan", "both_run"},
    ),
    ([], set()),
]


FEW_OR_MANY = pytest.mark.usefixtures("few_or_many")


@pytest.fixture(params=[reach.FEW, 0], ids=["few", "many"])
def few_or_many(request, monkeypatch):
    """Twice: with grants that are named in the condition, and with grants that the database looks up."""
    monkeypatch.setattr(reach, "FEW", request.param)


@FEW_OR_MANY
@pytest.mark.parametrize(("granted", "expected"), INHERITED)
@pytest.mark.parametrize("to_team", [False, True])
def test_what_is_granted_reaches_downward_and_no_further(world, ada, oscar, granted, expected, to_team):
    to = oscar.user
    if to_team:
        to = save_team(team=Team(), name="North", members=[oscar.user], actor=ada)
    for row in world.named(*granted):
        grant(to=to, obj=row, level=Level.OPERATE, actor=ada)

    assert reached(oscar, world) == expected
    assert reached(oscar, world, Level.OPERATE) == expected
    assert reached(oscar, world, Level.MANAGE) == set()


@FEW_OR_MANY
def test_what_spans_two_accounts_needs_the_grant_on_both_at_that_level(world, ada, oscar):
    grant(to=oscar.user, obj=world.north, level=Level.MANAGE, actor=ada)
    grant(to=oscar.user, obj=world.south, level=Level.VIEW, actor=ada)

    assert reached(oscar, world) == ALL
    assert {"both_plan", "both_run"}.isdisjoint(reached(oscar, world, Level.OPERATE))


@FEW_OR_MANY
def test_levels_include_those_below(world, ada, oscar):
    for level, expected in ((Level.VIEW, 1), (Level.OPERATE, 2), (Level.MANAGE, 3)):
        grant(to=oscar.user, obj=world.north, level=level, actor=ada)
        held = [each for each in Level if "north" in reached(oscar, world, each)]
        assert held == list(Level)[:expected]
    assert AccountUserGrant.objects.count() == 1


def test_everything_is_granted_expressly_and_includes_what_belongs_to_no_account(world, ada, oscar):
    empty = plan("Empty")
    grant(to=oscar.user, obj=None, level=Level.VIEW, actor=ada)

    assert reached(oscar, world) == ALL
    assert reached(oscar, world, Level.OPERATE) == set()
    assert empty in policy.scope(fresh(oscar), RecoveryPlan.objects.all())
    assert policy.scope(fresh(oscar), User.objects.all()).exists()


def test_an_empty_plan_and_people_are_seen_by_whom_everything_is_granted_only(world, ada, oscar):
    empty = plan("Empty")
    for account in (world.north, world.south):
        grant(to=oscar.user, obj=account, level=Level.MANAGE, actor=ada)

    assert empty not in policy.scope(fresh(oscar), RecoveryPlan.objects.all())
    for model in (User, AuditEvent, OrgWideGrant, AccountUserGrant):
        assert not policy.scope(fresh(oscar), model.objects.all()).exists()


def test_a_grant_gives_no_verb_and_a_role_no_object(world, ada, oscar, sam):
    nobody = factories.person("nora", everywhere=False)
    grant(to=nobody.user, obj=world.north, level=Level.MANAGE, actor=ada)

    assert reached(nobody, world) == set()
    assert reached(oscar, world) == set()
    assert not policy.can(fresh(oscar), P.EXECUTE_RECOVERY, world.north_plan)


def test_an_auditor_sees_everything_and_reaches_nothing_more_with_another_role(world):
    anton = factories.person("anton", Role.AUDITOR, everywhere=False)
    anton.user.groups.add(Group.objects.get(name=Role.RECOVERY_MANAGER))

    assert reached(anton, world) == ALL
    assert reached(anton, world, Level.OPERATE) == set()


def test_an_execution_belongs_to_the_accounts_it_ran_in_and_not_to_those_of_its_plan_today(world, ada, oscar):
    grant(to=oscar.user, obj=world.south, level=Level.OPERATE, actor=ada)
    world.north_plan.waves.all().delete()
    moved = Wave.objects.create(plan=world.north_plan, number=1, name="moved")
    moved.groups.add(world.south_group)

    assert {"north_plan"} <= reached(oscar, world)
    assert "north_run" not in reached(oscar, world)
    assert not policy.can(fresh(oscar), P.TERMINATE_INSTANCES, world.north_run)


def test_executions_outlive_their_plan_for_whom_the_account_is_granted(world, ada, oscar):
    grant(to=oscar.user, obj=world.north, level=Level.VIEW, actor=ada)
    world.north_plan.delete()

    assert "north_run" in reached(oscar, world)


def test_what_belongs_to_an_execution_is_reached_with_it(world, ada, oscar):
    for row in (world.north_run, world.south_run, world.both_run):
        row.say("It ended.", by="engine", what="end")
    AccountRegion.objects.create(account=world.south, region="us-east-1")
    grant(to=oscar.user, obj=world.north, level=Level.VIEW, actor=ada)

    assert policy.scope(fresh(oscar), Event.objects.all()).get().execution == world.north_run
    assert policy.scope(fresh(oscar), ServerRun.objects.all()).get().wave.execution == world.north_run
    assert not policy.scope(fresh(oscar), AccountRegion.objects.all()).exists()


@FEW_OR_MANY
def test_to_execute_needs_the_plan_and_every_account_in_it(world, ada, oscar):
    def may():
        return policy.can(fresh(oscar), P.EXECUTE_RECOVERY, world.both_plan)

    grant(to=oscar.user, obj=world.both_plan, level=Level.OPERATE, actor=ada)
    assert not may()
    grant(to=oscar.user, obj=world.north, level=Level.OPERATE, actor=ada)
    grant(to=oscar.user, obj=world.south, level=Level.VIEW, actor=ada)
    assert not may()
    with pytest.raises(Denied, match="with every target account in it, does not include “operate”"):
        policy.require(fresh(oscar), P.EXECUTE_RECOVERY, world.both_plan)
    grant(to=oscar.user, obj=world.south, level=Level.OPERATE, actor=ada)
    assert may()
    assert policy.why_not(fresh(oscar), P.EXECUTE_RECOVERY, world.both_plan) == ""
    assert policy.can(fresh(oscar), P.EXECUTE_RECOVERY, world.both_run)


@FEW_OR_MANY
def test_lists_and_details_agree_for_every_grant_level_and_object(world, ada, oscar):
    for granted, _ in INHERITED[:-1]:
        for level in Level:
            for row in world.named(*granted):
                grant(to=oscar.user, obj=row, level=level, actor=ada)
            actor = fresh(oscar)
            for name, row in vars(world).items():
                for wanted in Level:
                    listed = policy.scope(actor, type(row).objects.all(), wanted).filter(pk=row.pk).exists()
                    assert policy.can(actor, P.VIEW_RESOURCES, row, wanted) == listed, (granted, level, name, wanted)
            for row in world.named(*granted):
                revoke_grant(to=oscar.user, obj=row, actor=ada)


def test_a_token_bound_to_an_account_leaves_only_what_lies_wholly_in_it(world, ada, oscar):
    assert world.reached_by(token_of(ada, world.north), Level.MANAGE) == IN_NORTH
    assert world.reached_by(token_of(ada, world.south, world.north)) == ALL
    assert not policy.scope(token_of(ada, world.south), User.objects.all()).exists()

    grant(to=oscar.user, obj=world.north_plan, level=Level.OPERATE, actor=ada)
    grant(to=oscar.user, obj=world.south, level=Level.OPERATE, actor=ada)
    assert world.reached_by(token_of(fresh(oscar), world.north)) == {"north_plan", "north_run"}


@FEW_OR_MANY
def test_a_token_leaves_what_its_accounts_and_its_owner_both_reach(world, ada, oscar):
    def narrowed(actor, *named):
        right = Right(frozenset(Permission), frozenset(row.account_id for row in world.named(*named)))
        return replace(fresh(actor), right=right)

    for granted in (["north", "south"], ["south_group", "north"], ["north", "both_plan"]):
        for row in world.named(*granted):
            grant(to=oscar.user, obj=row, level=Level.VIEW if row == world.south else Level.OPERATE, actor=ada)
        for named in (["north"], ["north", "south"], []):
            for level in (Level.VIEW, Level.OPERATE):
                found = world.reached_by(narrowed(oscar, *named), level)
                expected = reached(oscar, world, level) & world.reached_by(narrowed(ada, *named), level)
                assert found == expected, (granted, named, level)
        for row in world.named(*granted):
            revoke_grant(to=oscar.user, obj=row, actor=ada)


def test_a_new_account_is_registered_by_whom_everything_is_granted_only(world, ada):
    with pytest.raises(Denied, match="access to everything"):
        register_account(actor=token_of(ada, world.north), account_id="444444444444", name="New", regions=[])
    assert register_account(actor=ada, account_id="444444444444", name="New", regions=[])


def test_scope_is_one_condition_in_the_query_itself(world, ada, oscar):
    grant(to=oscar.user, obj=world.north, level=Level.VIEW, actor=ada)
    actor = fresh(oscar)
    list(policy.scope(actor, RecoveryPlan.objects.all()))  # reads roles and grants, which are kept with the person
    for model in KINDS:
        with CaptureQueriesContext(connection) as queries:
            list(policy.scope(actor, model.objects.all()))
        assert len(queries) == 1, model


def test_as_many_grants_as_are_named_reach_the_same_as_one_more(world, ada, oscar, monkeypatch):
    for row in world.named("north", "south_group", "both_plan"):
        grant(to=oscar.user, obj=row, level=Level.OPERATE, actor=ada)

    for few, are_named in ((3, True), (2, False)):
        monkeypatch.setattr(reach, "FEW", few)
        with CaptureQueriesContext(connection) as queries:
            found = reached(oscar, world)
        assert found == IN_NORTH | {"south_group", "south_server", "both_plan", "both_run"}
        assert any("grant" in query["sql"] for query in queries.captured_queries[-3:]) != are_named
