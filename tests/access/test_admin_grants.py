"""Teams and grants at the admin site: administrators only, through the services, with evidence."""

import pytest

from drsorch.access.models import OrgWideGrant, Team, User
from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from protection.models import AccountTeamGrant, AccountUserGrant
from tests import factories
from tests.access.conftest import staff

pytestmark = pytest.mark.django_db
TEAMS, ACCOUNTS, EVERYTHING = (
    "/admin/access/team/",
    "/admin/protection/accountusergrant/",
    "/admin/access/orgwidegrant/",
)


def test_an_account_is_granted_changed_and_taken_back(ada_online, world, vera):
    ada_online.post(f"{ACCOUNTS}add/", {"user": vera.user.pk, "content_object": world.north.pk, "level": "view"})
    row = AccountUserGrant.objects.get()
    assert (row.user, row.content_object, row.level) == (vera.user, world.north, "view")

    changed = {"user": vera.user.pk, "content_object": world.south.pk, "level": "manage"}
    ada_online.post(f"{ACCOUNTS}{row.pk}/change/", changed)
    row = AccountUserGrant.objects.get()
    assert (row.content_object, row.level) == (world.north, "manage")
    assert "North" in ada_online.get(ACCOUNTS).content.decode()
    ada_online.post(f"{ACCOUNTS}{row.pk}/delete/", {"post": "yes"})

    assert not AccountUserGrant.objects.exists()
    actions = AuditEvent.objects.values_list("action", flat=True)
    assert list(actions) == ["revoke_access", "grant_access", "grant_access"]


def test_a_team_is_made_gets_members_and_a_grant(ada_online, world, vera, olga):
    ada_online.post(f"{TEAMS}add/", {"name": "North", "members": [vera.user.pk]})
    team = Team.objects.get(name="North")
    grants = "/admin/protection/accountteamgrant/add/"
    ada_online.post(grants, {"group": team.pk, "content_object": world.north.pk, "level": "operate"})
    ada_online.post(f"{TEAMS}{team.pk}/change/", {"name": "Northern", "members": [vera.user.pk, olga.user.pk]})

    team.refresh_from_db()
    assert (team.name, team.user_set.count()) == ("Northern", 2)
    assert AccountTeamGrant.objects.get().group_id == team.pk
    ada_online.post(f"{TEAMS}{team.pk}/delete/", {"post": "yes"})
    assert not AccountTeamGrant.objects.exists()


def test_roles_are_no_teams_here(ada_online):
    factories.create_roles()
    role = Team.objects.get(name=Role.ADMIN)

    assert Role.ADMIN not in ada_online.get(TEAMS).content.decode()
    assert ada_online.get(f"{TEAMS}{role.pk}/change/").status_code == 302
    assert "already exists" in ada_online.post(f"{TEAMS}add/", {"name": Role.AUDITOR}).content.decode()


def test_everything_is_granted_to_a_person_or_a_group_and_not_to_both(ada_online, sam):
    role = Team.objects.get(name=Role.OPERATOR)
    OrgWideGrant.objects.all().delete()
    both = {"user": sam.user.pk, "group": role.pk, "level": "view"}
    assert "not both" in ada_online.post(f"{EVERYTHING}add/", both).content.decode()
    assert "not both" in ada_online.post(f"{EVERYTHING}add/", {"level": "view"}).content.decode()
    ada_online.post(f"{EVERYTHING}add/", {"group": role.pk, "level": "view"})

    assert OrgWideGrant.objects.get().group_id == role.pk


def test_nobody_but_an_administrator_touches_them(client, world, auditor, olga, vera):
    for actor in (auditor, staff(olga)):
        client.force_login(actor.user)
        for address in (TEAMS, ACCOUNTS, EVERYTHING):
            assert client.get(address).status_code == 200
            assert client.post(f"{address}add/", {}).status_code == 403
    assert not AccountUserGrant.objects.exists()


def test_the_roles_of_a_person_are_changed_without_their_teams(ada_online, vera):
    team = Team.objects.create(name="North")
    vera.user.groups.add(team)
    page = f"/admin/access/user/{vera.user.pk}/change/"
    role = Team.objects.get(name=Role.OPERATOR)
    written = {
        "username": "vera",
        "is_active": "on",
        "first_name": "",
        "last_name": "",
        "email": "",
        "groups": [role.pk],
    }

    ada_online.post(page, written)

    names = set(User.objects.get(username="vera").groups.values_list("name", flat=True))
    assert names == {"North", Role.OPERATOR}
