"""The admin site: the policy decides on every page, and evidence is kept of every change."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from drsorch.access.models import RoleGroup, User
from drsorch.access.policed import ServiceAdmin
from drsorch.access.roles import Permission, Role
from drsorch.audit.models import AuditEvent
from drsorch.audit.record import record
from tests import factories
from tests.access.conftest import staff

pytestmark = pytest.mark.django_db
OURS = {model: page for model, page in admin.site._registry.items() if not model.__module__.startswith("django_q")}


def address(model, page, *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def person_form(person, **differences):
    fields = {"username": person.username, "is_active": "on", "is_staff": "on", "first_name": "", "last_name": ""}
    fields |= {"email": "", "groups": [group.pk for group in person.groups.all()]} | differences
    return {name: value for name, value in fields.items() if value is not None}


def page_of(person):
    return address(User, "change", person.pk)


def test_an_auditor_opens_every_list_and_may_add_nothing(client, auditor):
    client.force_login(auditor.user)

    for model in OURS:
        assert client.get(address(model, "changelist")).status_code == 200, model
        assert client.get(address(model, "add")).status_code == 403, model


def test_only_what_people_make_can_be_added_even_by_an_administrator(ada_online):
    allowed = {model.__name__ for model in OURS if ada_online.get(address(model, "add")).status_code == 200}

    grants = {f"{what}{whom}Grant" for what in ("Account", "Group", "Plan") for whom in ("User", "Team")}
    assert allowed == {"User", "TargetAccount", "ProtectionGroup", "RecoveryPlan", "Team", "OrgWideGrant"} | grants


def test_staff_without_a_role_see_nothing(client, sam):
    client.force_login(staff(sam).user)

    assert b"You don" in client.get("/admin/").content
    for model in OURS:
        assert client.get(address(model, "changelist")).status_code == 403


def test_who_is_not_staff_is_told_so_and_not_asked_to_sign_in_again(client, olga):
    client.force_login(olga.user)

    response = client.get("/admin/", follow=True)

    assert response.status_code == 403
    assert b"The administration is for staff." in response.content


def test_the_door_leads_on_within_the_admin_site_only(ada_online):
    assert ada_online.get("/admin/login/?next=/admin/plans/").headers["Location"] == "/admin/plans/"
    assert ada_online.get("/admin/login/?next=//evil.example/").headers["Location"] == "/admin/"


def test_an_administrator_adds_a_person_and_gives_a_role_and_both_are_recorded(ada_online):
    password = {"password1": "correct horse battery", "password2": "correct horse battery"}
    ada_online.post(address(User, "add"), {"username": "paula", "usable_password": "true", **password})
    paula = User.objects.get(username="paula")
    role = Group.objects.get(name=Role.PLAN_MANAGER)

    ada_online.post(page_of(paula), person_form(paula, groups=[role.pk], is_staff=None))

    assert list(paula.groups.all()) == [role]
    newest, oldest = AuditEvent.objects.filter(object_id=str(paula.pk), object_kind="user")
    assert (oldest.action, oldest.actor, oldest.source) == ("create_user", "ada", "ADMIN")
    assert (newest.action, newest.detail["roles"]) == ("update_user", ["DRSPlanManager"])


def test_nobody_becomes_superuser_through_the_ada_online(ada_online, olga):
    ada_online.post(page_of(olga.user), person_form(olga.user, is_superuser="on", user_permissions=["1"]))

    olga.user.refresh_from_db()
    assert not olga.user.is_superuser
    assert not olga.user.user_permissions.exists()
    assert olga.user.is_staff


@pytest.mark.parametrize("loss", [{"is_active": None}, {"is_staff": None}, {"groups": []}])
def test_administrators_cannot_lock_themselves_out(ada_online, ada, loss):
    response = ada_online.post(page_of(ada.user), person_form(ada.user, **loss))

    assert b"You cannot take your own administration away." in response.content
    ada.user.refresh_from_db()
    assert ada.user.is_active
    assert ada.user.is_staff
    assert ada.user.groups.get().name == Role.ADMIN


def test_people_are_not_deleted_because_they_are_evidence(ada_online, olga):
    assert ada_online.post(address(User, "delete", olga.user.pk), {"post": "yes"}).status_code == 403
    assert User.objects.filter(username="olga").exists()


def test_a_password_is_set_for_somebody_else_and_recorded_without_it(ada_online, olga):
    form = {"usable_password": "true", "password1": "new horse battery", "password2": "new horse battery"}

    ada_online.post(reverse("admin:auth_user_password_change", args=[olga.user.pk]), form)

    olga.user.refresh_from_db()
    assert olga.user.check_password("new horse battery")
    event = AuditEvent.objects.first()
    assert (event.action, event.object_name) == ("update_user", "olga")
    assert "horse" not in str(event.detail)


def test_the_own_password_is_changed_with_the_old_one_and_recorded(ada_online, ada):
    form = {"new_password1": "new horse battery", "new_password2": "new horse battery"}
    page = reverse("admin:password_change")

    assert ada_online.get(page).status_code == 200
    ada_online.post(page, {**form, "old_password": "wrong"})
    assert not AuditEvent.objects.filter(action="change_own_password").exists()
    ada_online.post(page, {**form, "old_password": "a-long-password"})

    ada.user.refresh_from_db()
    assert ada.user.check_password("new horse battery")
    assert AuditEvent.objects.first().action == "change_own_password"


def test_an_auditor_sees_people_without_any_part_of_their_passwords(client, auditor, olga):
    client.force_login(auditor.user)

    page = client.get(page_of(olga.user)).content.decode()

    assert "olga" in page
    assert "_save" not in page
    assert olga.user.password.split("$")[-1] not in page
    assert client.post(page_of(olga.user), person_form(olga.user)).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[olga.user.pk])).status_code == 403


def test_the_history_of_a_row_is_its_audit_trail(ada_online, ada, olga):
    with transaction.atomic():
        record(ada, "update_user", olga.user)
        record(ada, "update_user", ada.user)

    page = ada_online.get(address(User, "history", olga.user.pk), follow=True)

    assert [event.object_name for event in page.context["cl"].result_list] == ["olga"]


def test_the_audit_trail_is_listed_searched_and_never_changed(ada_online, ada, olga):
    with transaction.atomic():
        event = record(ada, "update_user", olga.user)
    page = address(AuditEvent, "change", event.pk)

    assert b"olga" in ada_online.get(address(AuditEvent, "changelist"), {"q": "olga"}).content
    assert b"_save" not in ada_online.get(page).content
    assert ada_online.post(page, {"actor": "mallory"}).status_code == 403
    assert ada_online.post(address(AuditEvent, "delete", event.pk), {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"}
    ada_online.post(address(AuditEvent, "changelist"), form)
    assert AuditEvent.objects.get(pk=event.pk).actor == "ada"  # the refusals above are events of their own


def test_the_lists_of_people_and_evidence_take_the_same_queries_for_two_rows_and_fifty(ada_online, ada):
    def queries(model):
        with CaptureQueriesContext(connection) as found:
            ada_online.get(address(model, "changelist"))
        return len(found)

    def grow(first, last):
        for number in range(first, last):
            person = factories.person(f"person-{number}", Role.OPERATOR)
            with transaction.atomic():
                record(ada, "create_user", person.user)

    grow(0, 2)
    few = [queries(model) for model in (User, AuditEvent, RoleGroup)]
    grow(2, 50)
    assert [queries(model) for model in (User, AuditEvent, RoleGroup)] == few


def test_a_page_that_permits_what_it_has_no_service_for_is_refused_when_it_is_written():
    with pytest.raises(TypeError, match=r"Forgetful names a delete_permission and has no remove\(\)"):

        class Forgetful(ServiceAdmin):
            delete_permission = Permission.DELETE_RECOVERY_PLAN
