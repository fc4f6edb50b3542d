"""Every service that changes something writes exactly one event, which says what and where; this walks all of them."""

import importlib
import inspect
import pkgutil
from types import SimpleNamespace

import pytest
from django.urls import reverse

import drsorch
import executions
import plans
import protection
from drsorch.access.models import User
from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.audit.verify import verify
from plans.services import delete_plan, update_plan
from protection.services import update_account
from tests.access.conftest import staff
from tests.audit.cases import CASES, account_in, recorded_as
from tests.audit.making import definition, plan
from tests.audit.test_audit import INNER, READS

pytestmark = pytest.mark.django_db
# These are evidence though nothing of ours has changed.
UNCHANGING = {"request_sync", "validate_account", "receive_event", "rotate_secrets", "verify_audit"}
UNCHANGING |= {"export_audit", "export_executions", "export_configuration", "import_configuration"}
PASSWORD = {"password1": "correct horse battery", "password2": "correct horse battery"}
# What asks or finds: no change, no evidence.
ASKS = READS | {
    *("can", "explain", "get_or_404", "has", "require_auditor", "require_everywhere", "scope", "usable", "why_not"),
    *("is_administrator", "is_everywhere", "is_initiator", "may_audit", "require_administrator", "with_rights"),
    *("extents_of", "holders_in_sight", "listed", "look_at_servers", "look_up", "offered", "permit", "questions"),
    *("refuse_held", "refuse_unless_free", "refuse_unless_ready", "watch", "why_not_update"),
    *(
        "everything_at",
        "jobs_of",
        "label_in_sight",
        "own_name",
        "reached_beyond",
        "veil",
        "veil_last",
        "why_not_answer",
        "why_not_terminate",
        "with_execution",
    ),
}
# What writes the evidence itself.
ASKS |= {"keep", "note_refused_command", "record", "record_refusal"}
# The parts of a start, of a decision and of an import, which record.
INNER = INNER | {"hold", "make_way", "retry_failed", "write_account", "write_groups", "write_plans"}
# No part of the product's work: it knows nobody, or starts a server when it is imported.
ELSEWHERE = ("drsorch.simulator", "drsorch.wsgi")


@pytest.fixture
def at(ada, olga, place, aws, client, settings):
    """What the cases below act on, made as it is asked for."""
    client.force_login(staff(ada).user)
    return SimpleNamespace(ada=ada, olga=olga, place=place, aws=aws, client=client, settings=settings)


def change(person):
    roles = [role.pk for role in person.groups.all()]
    return {"username": person.username, "is_active": "on", "first_name": "Olga", "groups": roles}


# What the admin site itself changes, through Django's forms: the path, and what is sent.
FORMS = {
    "create_user": (
        lambda at: reverse("admin:access_user_add"),
        lambda at: {"username": "paula", "usable_password": "true", **PASSWORD},
    ),
    "update_user": (
        lambda at: reverse("admin:access_user_change", args=[at.olga.user.pk]),
        lambda at: change(at.olga.user),
    ),
    "change_own_password": (
        lambda at: reverse("admin:password_change"),
        lambda at: {
            "old_password": "a-long-password",
            "new_password1": "new horse battery",
            "new_password2": "new horse battery",
        },
    ),
}


def with_actor():
    """The functions of all packages that an actor is given to, as everything that changes something is."""
    for package in (drsorch, protection, plans, executions):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.startswith(ELSEWHERE) or ".migrations" in found.name or found.name.endswith(".__main__"):
                continue
            module = importlib.import_module(found.name)
            for name, function in inspect.getmembers(module, inspect.isfunction):
                is_own = inspect.getmodule(function) is module and not name.startswith("_")
                if is_own and "actor" in inspect.signature(function).parameters:
                    yield name, function


def services():
    """Every service by its name, of all packages."""
    found = [(name, function) for name, function in with_actor() if name not in ASKS | INNER]
    assert len({name for name, _ in found}) == len(found), "two services have one name: name them apart here"
    return dict(found)


def test_every_service_has_a_case_here_and_every_case_a_service():
    assert services().keys() == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_service_writes_exactly_one_event(at, name):
    prepare, call, kind = CASES[name]
    row = prepare(at)
    before = AuditEvent.objects.count()

    call(services()[name], at, row)

    assert AuditEvent.objects.count() == before + 1
    event = AuditEvent.objects.first()
    assert (event.action, event.object_kind, event.outcome) == (recorded_as(name), kind, "ALLOWED")
    assert event.object_id != "None"
    assert event.account == account_in(name)
    assert event.before or event.after or name in UNCHANGING
    assert verify().is_good


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_the_admin_site_writes_exactly_one_event(at, name):
    path, sent = FORMS[name]
    before = AuditEvent.objects.count()

    assert at.client.post(path(at), sent(at)).status_code == 302

    assert AuditEvent.objects.count() == before + 1
    event = AuditEvent.objects.first()
    assert (event.action, event.object_kind, event.source) == (name, "user", "ADMIN")
    assert "horse" not in str([event.before, event.after, event.detail])
    assert verify().is_good


def test_an_update_says_what_was_and_what_is_and_nothing_that_stayed(at):
    row = plan(at)

    update_plan(plan=row, actor=at.ada, version=None, name="Renamed", waves=definition(row))

    event = AuditEvent.objects.first()
    assert (event.before["name"], event.after["name"]) == ("Three tiers", "Renamed")
    assert [wave["name"] for wave in event.before["waves"]] == ["db us-east-1", "app us-east-1"]
    assert [wave["name"] for wave in event.after["waves"]] == ["Other"]
    assert set(event.before) == set(event.after) == {"name", "waves"}


def test_a_new_role_says_which_roles_were_and_are(at):
    person = at.olga.user
    role = Role.READ_ONLY
    sent = change(person) | {"groups": [User.groups.rel.model.objects.get(name=role).pk], "first_name": ""}
    at.client.post(reverse("admin:access_user_change", args=[person.pk]), sent)

    event = AuditEvent.objects.first()
    assert (event.before, event.after) == ({"roles": [Role.RECOVERY_MANAGER]}, {"roles": [role]})


def test_a_deleted_plan_says_what_it_was(at):
    row = plan(at)
    key = str(row.pk)

    delete_plan(plan=row, actor=at.ada)

    event = AuditEvent.objects.first()
    assert (event.object_id, event.before["name"], len(event.before["waves"])) == (key, "Three tiers", 2)


def test_an_external_id_is_in_no_event_however_it_was_changed(at):
    update_account(
        account=at.place,
        actor=at.ada,
        version=None,
        name="T",
        role_arn=at.place.role_arn,
        tag_jobs=True,
        regions=["us-east-1"],
        external_id="canary-9z",
    )

    event = AuditEvent.objects.first()
    assert event.after == {"name": "T", "regions": ["us-east-1"], "status": "UNVALIDATED"}
    assert not AuditEvent.objects.filter(after__icontains="canary").exists()
