"""The policy: roles give verbs, scope gives objects, and what is not declared is refused."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.checks import run_checks

from drsorch import checks
from drsorch.access import policy
from drsorch.access.models import User
from drsorch.access.policy import Level
from drsorch.access.requests import actor_named
from drsorch.access.roles import PERMISSIONS, Permission, Role
from drsorch.audit.actor import Actor
from drsorch.errors import Denied, NotFound
from protection.models import TargetAccount
from protection.services import register_account
from tests import factories

pytestmark = pytest.mark.django_db
P = Permission


@pytest.fixture
def account(ada):
    """Something to see."""
    return register_account(actor=ada, account_id=factories.TARGET, name="Target", regions=["us-east-1"])


def may(actor, account):
    """Which permissions the actor may use on the account."""
    return {permission for permission in Permission if policy.can(actor, permission, account)}


def test_the_cast_may_what_their_roles_say(account, ada, olga, vera, sam):
    assert may(ada, account) == set(Permission)
    assert may(olga, account) == {P.EXECUTE_RECOVERY, P.MANAGE_EXECUTION, P.TERMINATE_INSTANCES, P.VIEW_RESOURCES}
    assert may(vera, account) == {P.VIEW_RESOURCES}
    assert may(sam, account) == set()


def test_the_installation_itself_may_everything(account, system):
    assert may(system, account) == set(Permission)


def test_there_are_eleven_permissions_and_the_administrator_has_all():
    assert len(Permission) == 11
    assert PERMISSIONS[Role.ADMIN] == set(Permission)
    assert set(PERMISSIONS) == set(Role)


def test_several_roles_add_up(account):
    both = factories.person("both", Role.OPERATOR)
    both.user.groups.add(Group.objects.get(name=Role.PLAN_MANAGER))

    assert may(both, account) == PERMISSIONS[Role.OPERATOR] | PERMISSIONS[Role.PLAN_MANAGER]


def test_a_group_that_is_no_role_gives_nothing(account, sam):
    sam.user.groups.add(Group.objects.create(name="Administrators"))
    assert may(sam, account) == set()


def test_being_superuser_or_staff_gives_nothing(account):
    root = User.objects.create_superuser("root", password="a-long-password")
    assert may(Actor(name="root", source="UI", user=root), account) == set()


def test_an_inactive_person_may_nothing(account, ada):
    ada.user.is_active = False
    ada.user.save()

    assert may(ada, account) == set()
    with pytest.raises(NotFound, match="no active user named ada"):
        actor_named("ada")


def test_lists_and_details_cannot_disagree(account, vera, sam):
    for actor in (vera, sam):
        listed = account in policy.scope(actor, TargetAccount.objects.all())
        assert policy.can(actor, Permission.VIEW_RESOURCES, account, Level.VIEW) == listed


def test_what_is_out_of_sight_is_answered_like_what_does_not_exist(account, sam, vera):
    with pytest.raises(NotFound) as unseen:
        policy.get_or_404(sam, TargetAccount.objects.all(), pk=account.pk)
    with pytest.raises(NotFound) as missing:
        policy.get_or_404(vera, TargetAccount.objects.all(), pk=0)
    assert unseen.value.message == missing.value.message
    with pytest.raises(NotFound):
        policy.require(sam, Permission.MANAGE_ACCOUNTS, account)


def test_a_missing_permission_is_named(account, vera):
    with pytest.raises(Denied, match="drs:ManageAccounts") as refusal:
        policy.require(vera, Permission.MANAGE_ACCOUNTS, account)
    assert refusal.value.details == {"permission": "drs:ManageAccounts"}
    assert refusal.value.status == 403


def test_verbs_take_one_query_however_often_they_are_asked(olga, django_assert_num_queries):
    person = User.objects.get(username="olga")
    with django_assert_num_queries(1):
        for permission in Permission:
            policy.has(Actor(name="olga", source="UI", user=person), permission)


def test_an_undeclared_model_is_refused_to_everybody(ada, system):
    for actor in (ada, system):
        with pytest.raises(TypeError, match="Group does not declare access_via"):
            policy.scope(actor, Group.objects.all())


def test_every_model_says_how_it_inherits_access_through_relations_that_exist():
    models = [model for label in checks.GUARDED for model in apps.get_app_config(label).get_models()]
    assert len(models) > 20
    for model in models:
        for path in model.access_via:
            reached = model
            for part in path.split("__"):
                reached = reached._meta.get_field(part).related_model
            assert hasattr(reached, "access_via"), f"{model.__name__} inherits from {reached.__name__}"


def test_a_model_that_does_not_say_so_stops_every_command(monkeypatch):
    monkeypatch.delattr(TargetAccount, "access_via")

    found = [problem for problem in run_checks() if problem.id == "drsorch.E001"]

    assert [problem.obj for problem in found] == [TargetAccount]
