"""Grants: who reaches what, by inheritance, levels, teams and tokens; given and taken back by administrators."""

from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.demo import create_demo_users, create_roles
from drsorch.access.grants import delete_team, grant, revoke_grant, save_team
from drsorch.access.models import OrgWideGrant, Team, User
from drsorch.access.policy import Level
from drsorch.access.requests import actor_named, actor_with
from drsorch.access.roles import Permission, Role
from drsorch.access.tokens import issue_token
from drsorch.audit.models import AuditEvent
from drsorch.errors import Denied, Invalid, NotFound
from executions.models import AccountSet, Event, Execution, ServerRun
from plans.models import RecoveryPlan, Wave
from protection.models import AccountRegion, AccountUserGrant, ProtectionGroup, SourceServer, TargetAccount
from protection.services import register_account
from tests import factories
from tests.access.estate import estate, plan

pytestmark = pytest.mark.django_db
P = Permission
migration = import_module("drsorch.access.migrations.0005_roles_reach_everything_as_before")
KINDS = (TargetAccount, ProtectionGroup, SourceServer, RecoveryPlan, Execution)
IN_NORTH = {"north", "north_group", "north_server", "north_plan", "north_run"}
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
ALL = {"north", "south", "north_group", "south_group", "north_server", "south_server"}
ALL |= {"north_plan", "south_plan", "both_plan", "north_run", "south_run", "both_run"}


@pytest.fixture
def world(db):
    """Two accounts with what is in them."""
    return estate()


@pytest.fixture
def oscar(db):
    """Operates what is granted."""
    return factories.person("oscar", Role.OPERATOR, everywhere=False)


def fresh(actor):
    """The same person at the next request."""
    return actor_named(actor.name)


def reached(actor, world, level=Level.VIEW):
    rows = [row for model in KINDS for row in policy.scope(fresh(actor), model.objects.all(), level)]
    return world.seen(rows)


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


def test_what_spans_two_accounts_needs_the_grant_on_both_at_that_level(world, ada, oscar):
    grant(to=oscar.user, obj=world.north, level=Level.MANAGE, actor=ada)
    grant(to=oscar.user, obj=world.south, level=Level.VIEW, actor=ada)

    assert reached(oscar, world) == ALL
    assert {"both_plan", "both_run"}.isdisjoint(reached(oscar, world, Level.OPERATE))


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


def token_of(actor, *accounts):
    expires_at = timezone.now() + timedelta(days=1)
    ids = [account.account_id for account in accounts]
    arguments = {"name": uuid4().hex, "scopes": list(Permission), "expires_at": expires_at, "account_ids": ids}
    return actor_with(issue_token(owner=actor.user, actor=actor, **arguments)[0])


def seen_with(actor, world, level=Level.VIEW):
    return world.seen([row for model in KINDS for row in policy.scope(actor, model.objects.all(), level)])


def test_a_token_bound_to_an_account_leaves_only_what_lies_wholly_in_it(world, ada, oscar):
    assert seen_with(token_of(ada, world.north), world, Level.MANAGE) == IN_NORTH
    assert seen_with(token_of(ada, world.south, world.north), world) == ALL
    assert not policy.scope(token_of(ada, world.south), User.objects.all()).exists()

    grant(to=oscar.user, obj=world.north_plan, level=Level.OPERATE, actor=ada)
    grant(to=oscar.user, obj=world.south, level=Level.OPERATE, actor=ada)
    assert seen_with(token_of(fresh(oscar), world.north), world) == {"north_plan", "north_run"}


def test_a_new_account_is_registered_by_whom_everything_is_granted_only(world, ada):
    with pytest.raises(Denied, match="access to everything"):
        register_account(actor=token_of(ada, world.north), account_id="444444444444", name="New", regions=[])
    assert register_account(actor=ada, account_id="444444444444", name="New", regions=[])


def test_scope_is_one_condition_in_the_query_itself(world, ada, oscar):
    grant(to=oscar.user, obj=world.north, level=Level.VIEW, actor=ada)
    actor = fresh(oscar)
    policy.has(actor, P.VIEW_RESOURCES)
    for model in KINDS:
        with CaptureQueriesContext(connection) as queries:
            list(policy.scope(actor, model.objects.all()))
        assert len(queries) == 1, model


# ---- Given and taken back


def test_a_grant_is_taken_back_and_both_are_recorded(world, ada, oscar):
    grant(to=oscar.user, obj=world.north, level=Level.VIEW, actor=ada)
    grant(to=oscar.user, obj=None, level=Level.VIEW, actor=ada)
    revoke_grant(to=oscar.user, obj=world.north, actor=ada)
    revoke_grant(to=oscar.user, obj=None, actor=ada)

    assert reached(oscar, world) == set()
    everything, one, all_given, given = AuditEvent.objects.all()
    assert (given.action, given.object_name, given.detail["to"]) == ("grant_access", str(world.north), "person oscar")
    assert (all_given.object_name, all_given.detail["everything"]) == ("oscar", True)
    assert (one.action, everything.action) == ("revoke_access", "revoke_access")
    with pytest.raises(NotFound, match="is not granted to oscar"):
        revoke_grant(to=oscar.user, obj=world.north, actor=ada)


def test_only_administrators_grant_and_nobody_with_a_narrowed_token(world, ada, olga, oscar):
    for actor in (olga, token_of(ada, world.north)):
        for attempt in (
            lambda actor: grant(to=oscar.user, obj=world.north, level=Level.VIEW, actor=actor),
            lambda actor: revoke_grant(to=oscar.user, obj=world.north, actor=actor),
            lambda actor: save_team(team=Team(), name="Mine", members=[], actor=actor),
            lambda actor: delete_team(team=Team(name="Mine"), actor=actor),
        ):
            with pytest.raises(Denied, match="Only administrators"):
                attempt(actor)


def test_what_cannot_be_granted_is_refused_in_a_sentence(world, ada, oscar):
    with pytest.raises(Invalid, match="A source server cannot be granted"):
        grant(to=oscar.user, obj=world.north_server, level=Level.VIEW, actor=ada)
    with pytest.raises(Invalid, match="There is no level 'own'"):
        grant(to=oscar.user, obj=world.north, level="own", actor=ada)


def test_a_team_is_no_role(ada, oscar):
    with pytest.raises(Invalid, match="That is a role"):
        save_team(team=Team(), name=Role.ADMIN, members=[oscar.user], actor=ada)
    role = Team.objects.get(name=Role.ADMIN)
    with pytest.raises(Invalid, match="That is a role"):
        save_team(team=role, name="Renamed", members=[], actor=ada)
    assert Team.objects.get(pk=role.pk).name == Role.ADMIN


def test_a_team_that_is_deleted_takes_its_grants_with_it(world, ada, oscar):
    team = save_team(team=Team(), name="North", members=[oscar.user], actor=ada)
    grant(to=team, obj=world.north, level=Level.VIEW, actor=ada)
    delete_team(team=team, actor=ada)

    assert reached(oscar, world) == set()
    assert AuditEvent.objects.first().detail == {"members": ["oscar"]}


# ---- Installations of before, and the demo


def test_the_demo_grants_everything_to_its_roles(world):
    create_demo_users()
    assert reached(actor_named("olga"), world, Level.MANAGE) == ALL


def test_executions_of_before_get_the_accounts_of_their_servers(world):
    before = dict(Execution.objects.values_list("pk", "ran_in"))
    Execution.objects.update(ran_in=None)
    sets = set(AccountSet.objects.values_list("pk", flat=True))

    import_module("executions.migrations.0003_where_executions_ran").find_accounts(apps, None)

    assert dict(Execution.objects.values_list("pk", "ran_in")) == before
    assert set(AccountSet.objects.values_list("pk", flat=True)) == sets


@pytest.mark.parametrize(("has_people", "expected"), [(True, 4), (False, 0)])
def test_roles_reach_everything_as_before_where_there_are_people_already(has_people, expected):
    create_roles()
    if has_people:
        User.objects.create_user("before")
    migration.grant_everything(apps, None)

    assert OrgWideGrant.objects.filter(group__isnull=False, level="manage").count() == expected
