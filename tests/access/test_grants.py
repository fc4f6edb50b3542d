"""Grants are given and taken back by administrators; installations of before have them."""

from importlib import import_module

import pytest
from django.apps import apps

from drsorch.access.demo import create_demo_users, create_roles
from drsorch.access.grants import delete_team, grant, revoke_grant, save_team
from drsorch.access.models import OrgWideGrant, Team, User
from drsorch.access.policy import Level
from drsorch.access.requests import actor_named
from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.errors import Denied, Invalid, NotFound
from executions.models import AccountSet, Execution, ServerRun
from tests.access.estate import ALL, reached, token_of

pytestmark = pytest.mark.django_db
migration = import_module("drsorch.access.migrations.0005_roles_reach_everything_as_before")


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
    assert AuditEvent.objects.first().before == {"name": "North", "members": ["oscar"]}


# ---- Installations of before, and the demo


def test_the_demo_grants_everything_to_its_roles(world):
    create_demo_users()
    assert reached(actor_named("olga"), world, Level.MANAGE) == ALL


def test_executions_of_before_get_the_accounts_and_regions_of_their_servers(world):
    before = dict(Execution.objects.values_list("pk", "ran_in"))
    Execution.objects.update(ran_in=None)
    sets = set(AccountSet.objects.values_list("pk", flat=True))

    import_module("executions.migrations.0004_where_executions_ran").find_accounts(apps, None)
    import_module("executions.migrations.0011_regions_of_before").find_regions(apps, None)

    assert dict(Execution.objects.values_list("pk", "ran_in")) == before
    assert dict(Execution.objects.values_list("pk", "waves__servers__ran_in")) == before
    assert set(AccountSet.objects.values_list("pk", flat=True)) == sets


def test_executions_of_before_are_found_where_they_ran_and_measured_by_the_plan_as_it_was(world):
    ServerRun.objects.filter(account=world.south).update(region="eu-west-1")
    Execution.objects.filter(pk=world.north_run.pk).update(snapshot={"rtoMinutes": 30})
    Execution.objects.filter(pk=world.south_run.pk).update(snapshot={"rtoMinutes": None})
    for model in (ServerRun, Execution):
        model.objects.update(ran_in=None)
    AccountSet.objects.all().delete()

    import_module("executions.migrations.0004_where_executions_ran").find_accounts(apps, None)
    fill = import_module("executions.migrations.0011_regions_of_before")
    fill.find_regions(apps, None)
    fill.copy_rto(apps, None)

    def ran_in(row):
        kept = Execution.objects.get(pk=row.pk).ran_in
        return set(kept.accounts.all()), set(kept.regions.values_list("account", "region"))

    north, south = (world.north.pk, "us-east-1"), (world.south.pk, "eu-west-1")
    assert ran_in(world.north_run) == ({world.north}, {north})
    assert ran_in(world.both_run) == ({world.north, world.south}, {north, south})
    assert AccountSet.objects.count() == 3
    assert Execution.objects.get(rto_minutes=30) == world.north_run


def test_servers_of_before_are_seen_by_who_sees_their_executions(world):
    before = list(ServerRun.objects.values_list("pk", "plan", "ran_in"))
    ServerRun.objects.update(plan=None, ran_in=None)

    import_module("executions.migrations.0009_servers_as_their_executions").copy(apps, None)

    assert list(ServerRun.objects.values_list("pk", "plan", "ran_in")) == before
    assert {plan for _, plan, _ in before} == set(Execution.objects.values_list("plan", flat=True))


@pytest.mark.parametrize(("has_people", "expected"), [(True, 4), (False, 0)])
def test_roles_reach_everything_as_before_where_there_are_people_already(has_people, expected):
    create_roles()
    if has_people:
        User.objects.create_user("before")
    migration.grant_everything(apps, None)

    assert OrgWideGrant.objects.filter(group__isnull=False, level="manage").count() == expected
