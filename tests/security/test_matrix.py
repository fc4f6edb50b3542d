"""Every address, for everybody, in and out of scope: 0 deviations; and planted faults are all caught."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Q
from django.urls import get_resolver

from drsorch.access import policy, reach, roles
from drsorch.access.declared import addresses
from drsorch.access.reach import Level
from drsorch.access.roles import PERMISSIONS, Permission, Role
from drsorch.api import throttles
from drsorch.audit.models import AuditEvent, Outcome
from executions.models import Event, Execution, Gate, Job, Launch, Poller, ServerRun, Termination, WaveRun
from plans.models import RecoveryPlan
from protection.models import ProtectionGroup, ServerHold, SourceServer, TargetAccount
from tests.security.everything import EVERYTHING, TOKEN_ROWS
from tests.security.matrix import ADMIN, ADMIN_ROWS, CLOSED
from tests.security.render import DOCUMENT, rendered
from tests.security.verdicts import SCOPES, Person, deviations

pytestmark = pytest.mark.django_db
ORDINARY = (Role.RECOVERY_MANAGER, Role.PLAN_MANAGER, Role.OPERATOR, Role.READ_ONLY)
CAST = [
    *(Person(f"{role.name.lower()}_{scope}", role, scope) for role in ORDINARY for scope in SCOPES),
    Person("admin", Role.ADMIN, "elsewhere"),
    Person("auditor", Role.AUDITOR, "elsewhere"),
    Person("nobody", "", "manage"),
    Person("inactive", Role.ADMIN, can_sign_in=False),
    Person("anonymous", can_sign_in=False),
]


@pytest.mark.access
@pytest.mark.parametrize("person", CAST, ids=lambda person: person.name)
def test_every_address_answers_as_the_matrix_says(enter, papers, names, person):
    client = enter(person)
    texts = papers(person)
    before = changes().count()
    # What is about no object is the same whatever is granted.
    is_tried_already = person.role in ORDINARY and person.scope != "manage"

    def tried(rows):
        return [row for row in rows if row.on] if is_tried_already else rows

    assert list(deviations(client, person, tried(EVERYTHING), names)) == []
    for kind, text in texts.items():
        throttles.forget()
        assert list(deviations(bearing(client, text), person, tried(TOKEN_ROWS), names)) == [], kind
    assert changes().count() == before, "an address has changed something"


def bearing(client, text):
    """Without a session, and with a token in each request."""
    client.logout()
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    return client


def changes():
    """The evidence of changes. To leave, and to read or verify evidence, is evidence too, and so is each refusal.

    That somebody came in counts: no row brings a password or a code. Whom another row than the last signed out would be
    asked to sign in by the rows after it.
    """
    reading = ("sign_out", "export_audit", "export_configuration", "download_audit_segment", "verify_audit")
    return AuditEvent.objects.filter(outcome=Outcome.ALLOWED).exclude(action__in=reading)


def shape(path):
    """An address without what varies in it."""
    return re.sub(r"<[^>]*>|\{[^}]*\}|(?<=/)\d+(?=/|$)", "*", path).strip("/^$").replace("\\Z", "")


def test_every_address_of_the_console_and_of_the_api_has_a_row():
    rows = {shape(row.path) for row in EVERYTHING}
    missing = [route for route, _ in addresses() if shape(route) not in rows]  # the admin site's own stand before it

    assert [route for route in missing if not route.startswith("admin/")] == []


def test_every_page_of_the_admin_site_has_a_row():
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered == {model.label for model in ADMIN} | set(CLOSED)

    found = {shape(f"admin/{entry}") for entry in _routes(admin_resolver())}
    rows = {shape(row.path) for row in EVERYTHING if row.path.startswith("/admin/")}
    generic = {"admin/logout", "admin/r/*/*", "admin/(?P*.*)", "admin/(?P<app_label>*)"}
    assert {route for route in found - rows if route not in generic and not route.startswith("admin/(?P")} <= {
        "admin/django_q/schedule/*",
        "admin/django_q/success/*",
        "admin/django_q/failure/*",
        "admin/django_q/ormq/*",
        "admin/^(?P*audit|access|protection|plans|config|executions|django_q)",
    }


# Tables that have no page at the admin site, and where one sees what they hold.
WITHOUT_A_PAGE = {
    "api.keptanswer": "nowhere: they are the answers to people's own requests, which others need not have in sight",
    "audit.audithead": "above the list of events",
    "executions.accountset": "nowhere: it only says of an execution in which accounts its servers are",
    "executions.accountsetregion": "nowhere: it only says of an execution in which Regions its servers are",
    "plans.wave": "on the page of its plan",
    "plans.wavegroup": "on the page of its plan",
    "plans.waveserver": "on the page of its plan at the console",
    "queue.workerheartbeat": "in /api/v1/health/ready",
}


def test_every_table_of_the_product_is_shown_at_the_admin_site_or_named_here():
    shown = {model._meta.label_lower for model in admin.site._registry}
    shown |= {inline.model._meta.label_lower for page in admin.site._registry.values() for inline in page.inlines}
    ours = ("drsorch.", "protection.", "plans.", "executions.")
    tables = {model._meta.label_lower for model in apps.get_models() if model.__module__.startswith(ours)}

    assert tables - shown == set(WITHOUT_A_PAGE)


def admin_resolver():
    return next(entry for entry in get_resolver().url_patterns if getattr(entry, "namespace", "") == "admin")


def _routes(resolver, prefix=""):
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            yield from _routes(entry, route)
        else:
            yield route


def test_the_document_says_the_same():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert rendered(text) == text, "renew it: python -m tests.security.render"


# ---- Planted faults


def first_deviation(enter, names, person, rows):
    return next(deviations(enter(person), person, rows, names), "")


@pytest.mark.access
def test_a_permission_that_is_dropped_from_a_role_is_caught_and_so_is_one_that_is_added(enter, names, monkeypatch):
    missed, number = [], 0
    for role in Role:
        for permission in Permission:
            number += 1
            person = Person(f"person{number}", role, "manage")
            rows = [row for row in EVERYTHING if permission in (row.needs, *row.also) and row.on != "everywhere"]
            rows = [row for row in rows if row.path != "/admin/protection/protectiongroup/add/"] or rows
            with monkeypatch.context() as fault:
                fault.setitem(roles.PERMISSIONS, role, PERMISSIONS[role] ^ {permission})
                if not first_deviation(enter, names, person, rows[:FIRST]):
                    missed.append(f"{permission} of {role}")
    assert missed == []


FIRST = 6
LOOKER, STRANGER, KEEPER = (
    Person(f"p_{scope}", Role.RECOVERY_MANAGER, scope) for scope in ("view", "elsewhere", "manage")
)
INHERITING = (ProtectionGroup, SourceServer, ServerHold, RecoveryPlan, Execution, WaveRun, ServerRun, Launch)
INHERITING += (Termination, Job, Event, Gate, Poller)


def of_object():
    """The rows about an object of the north, at the admin site and in the console."""
    return [row for row in EVERYTHING if row.on and row.on != "everywhere"]


def about(model):
    """The rows about one model."""
    label = model._meta.label_lower
    console = {RecoveryPlan: "{north_plan}", Execution: "{north_run}"}.get(model, "{-}")
    return [row for row in of_object() if f"{{{label}}}" in row.path or console in row.path]


@pytest.mark.access
@pytest.mark.parametrize("model", [TargetAccount, *INHERITING], ids=lambda model: model.__name__)
def test_a_scope_that_is_dropped_is_caught(enter, names, monkeypatch, model):
    real = policy.scope

    def unscoped(actor, queryset, level=Level.VIEW):
        return queryset if queryset.model is model else real(actor, queryset, level)

    monkeypatch.setattr(policy, "scope", unscoped)
    assert first_deviation(enter, names, STRANGER, about(model))


@pytest.mark.access
@pytest.mark.parametrize("model", INHERITING, ids=lambda model: model.__name__)
def test_an_inheritance_that_is_dropped_is_caught(enter, names, monkeypatch, model):
    monkeypatch.setattr(model, "access_via", ())
    assert first_deviation(enter, names, KEEPER, about(model))


@pytest.mark.access
def test_a_level_that_is_not_asked_is_caught(enter, names, monkeypatch):
    monkeypatch.setattr(Level, "enough", property(lambda _: tuple(Level)))
    assert first_deviation(enter, names, LOOKER, of_object())


@pytest.mark.access
def test_grants_of_teams_that_are_forgotten_are_caught(enter, names, monkeypatch):
    monkeypatch.setattr(reach, "to_person", lambda _: lambda model, level, at: Q(pk__in=()))
    assert first_deviation(enter, names, LOOKER, of_object())


@pytest.mark.access
def test_verbs_that_are_not_asked_are_caught(enter, names, monkeypatch):
    monkeypatch.setattr(policy, "has", lambda *_: True)
    assert first_deviation(enter, names, Person("nobody2", "", "manage"), ADMIN_ROWS)
