"""The admin of plans: the plan and its waves on one page, saved by the service or not at all."""

import uuid

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext

from drsorch.access.roles import Role
from plans import services
from plans.definition import WaveDefinition
from plans.models import RecoveryPlan
from tests import factories
from tests.access.conftest import staff

pytestmark = pytest.mark.django_db
PLANS = "/admin/plans/recoveryplan/"


@pytest.fixture
def plan(ada, db_group, web_group):
    """Databases, then web servers, then one more database with nothing before it."""
    waves = [
        WaveDefinition(name="Databases", group_ids=(db_group.pk,), server_ids=("s-db-1",)),
        WaveDefinition(name="Web", group_ids=(web_group.pk,), pause_before=True, timeout_minutes=30),
        WaveDefinition(name="Rest", group_ids=(db_group.pk,), server_ids=("s-db-2",), depends_on=()),
    ]
    return services.create_plan(actor=ada, name="Billing", waves=waves)


def wave(name, *groups, **differences):
    fields = {"name": name, "description": "", "groups": [group.pk for group in groups], "server_ids": ""}
    usual = {"launch_order": "PARALLEL", "wait_seconds": 0, "on_failure": "STOP", "checks": "EC2_STATUS"}
    return {**fields, **usual, "depends_on": "", "timeout_minutes": 60, "ORDER": "", **differences}


def form(*waves, name="Billing", initial=1, **fields):
    """The page's form with these waves, the first `initial` of which were on the page when it came."""
    management = {"TOTAL_FORMS": len(waves), "INITIAL_FORMS": initial, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000}
    rows = {
        f"waves-{number}-{key}": value for number, row in enumerate(waves) for key, value in row.items() if value != ""
    }
    return {"name": name, **{f"waves-{key}": value for key, value in management.items()}, **rows, **fields}


def shape(plan):
    return [
        (
            row.name,
            sorted(row.depends_on.values_list("number", flat=True)),
            sorted(str(member.server) for member in row.members()),
        )
        for row in plan.waves.all()
    ]


def errors(response):
    """What the page says is wrong, in the plan and in its waves."""
    shown = response.context["adminform"].form
    found = [shown.errors, *shown.waves.errors]
    return [sentence for fields in found for sentences in fields.values() for sentence in sentences]


def test_a_plan_is_added_with_its_waves(ada_online, db_group, web_group):
    waves = [wave("Databases", db_group, server_ids="s-db-2"), wave("Web", web_group, depends_on="none")]

    ada_online.post(f"{PLANS}add/", form(*waves, owner="Paula", rto_minutes="60"))

    plan = RecoveryPlan.objects.get()
    assert (plan.name, plan.owner, plan.rto_minutes, plan.created_by.username) == ("Billing", "Paula", 60, "ada")
    assert shape(plan) == [("Databases", [], ["db-2"]), ("Web", [], ["web-1", "web-2"])]


def test_a_page_that_is_saved_unchanged_changes_nothing_but_the_version(ada_online, plan):
    before = shape(plan)
    page = ada_online.get(f"{PLANS}{plan.pk}/change/").context["adminform"].form
    rows = as_shown(page)

    ada_online.post(f"{PLANS}{plan.pk}/change/", form(*rows, initial=3, seen_version=1))

    plan.refresh_from_db()
    assert plan.version == 2
    assert shape(plan) == before
    assert list(plan.waves.values_list("pause_before", "timeout_minutes")) == [(False, 60), (True, 30), (False, 60)]


EVERYTHING = {
    "description": "The heart",
    "pause_before": True,
    "pause_after": True,
    "launch_order": "PARALLEL",
    "max_parallel": 3,
    "wait_seconds": 90,
    "timeout_minutes": 45,
    "on_failure": "ASK",
    "checks": "EC2_STATUS_REQUIRED",
}


def test_a_page_that_is_saved_unchanged_drops_no_setting(ada_online, ada, db_group, web_group):
    waves = [
        WaveDefinition(
            name="First",
            group_ids=(web_group.pk, db_group.pk),
            server_ids=("s-web-2", "s-db-2", "s-db-1", "s-web-1"),
            optional_ids=("s-db-1",),
            launch_order="SEQUENTIAL",
            on_failure="CONTINUE",
            checks="NONE",
        ),
    ]
    plan = services.create_plan(actor=ada, name="Billing", waves=waves, parallel_waves=True, runbook="Call Paula.")
    whole = [
        WaveDefinition(name="Whole", group_ids=(db_group.pk,), optional_ids=("s-db-2",)),
        WaveDefinition(name="All", group_ids=(web_group.pk,), **EVERYTHING),
    ]
    other = services.create_plan(actor=ada, name="Other", waves=whole)
    for each in (plan, other):
        before = settings_of(each)
        page = ada_online.get(f"{PLANS}{each.pk}/change/").context["adminform"].form
        posted = {name: value for name, value in page.initial.items() if value not in (None, False)}
        rows = as_shown(page)
        ada_online.post(f"{PLANS}{each.pk}/change/", {**form(*rows, initial=len(rows), seen_version=1), **posted})

        each.refresh_from_db()
        assert each.version == 2
        assert settings_of(each) == before


def as_shown(page):
    """What a browser would send of the waves on a page that nobody has touched."""
    rows = [{**each.initial, "ORDER": number} for number, each in enumerate(page.waves.initial_forms, 1)]
    return [{name: "" if value in (None, False) else value for name, value in row.items()} for row in rows]


def settings_of(plan):
    """All that a person has written about a plan."""
    rows = plan.waves.values(*services.OF_A_WAVE, "number")
    members = [
        [(member.server.source_server_id, member.impact, member.order) for member in row.members()]
        for row in plan.waves.all()
    ]
    return list(rows), members, shape(plan), plan.parallel_waves, plan.runbook


def test_waves_are_moved_deleted_and_added(ada_online, plan, db_group, web_group):
    rows = [
        wave("Databases", db_group, ORDER=2),
        wave("Web", web_group, ORDER=1),
        wave("Rest", db_group, ORDER=3, DELETE="on"),
    ]

    ada_online.post(f"{PLANS}{plan.pk}/change/", form(*rows, initial=3, seen_version=1))

    assert shape(plan) == [("Web", [], ["web-1", "web-2"]), ("Databases", [1], ["db-1", "db-2"])]


def test_an_added_row_that_was_left_empty_is_no_wave(ada_online, db_group):
    ada_online.post(f"{PLANS}add/", form(wave("Databases", db_group), wave("")))

    assert shape(RecoveryPlan.objects.get()) == [("Databases", [], ["db-1", "db-2"])]


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ({"depends_on": "2"}, "The waves wait for each other: wave 2 runs after wave 2."),
        ({"depends_on": "9"}, "the plan has no wave 9"),
        ({"depends_on": "first"}, "'first' is not the number of a wave."),
        ({"depends_on": "²"}, "'²' is not the number of a wave."),
        ({"groups": []}, "This field is required."),
        ({"groups": ["4711"]}, "4711 is not one of the available choices"),
        ({"server_ids": "s-invented"}, "names s-invented, which none of its protection groups has"),
        ({"timeout_minutes": 3}, "A wave times out after 5 to 720 minutes."),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_wrong_wave_is_an_error_of_the_page_with_everything_that_was_written(
    ada_online, db_group, web_group, differences, sentence
):
    rows = [wave("Databases", db_group), {**wave("Web", web_group), **differences}]

    response = ada_online.post(f"{PLANS}add/", form(*rows, owner="Paula", initial=2))

    assert response.status_code == 200
    assert any(sentence in found for found in errors(response))
    assert b'value="Paula"' in response.content
    assert b'value="Databases"' in response.content
    assert not RecoveryPlan.objects.exists()


def test_a_taken_name_and_a_stale_page_are_errors_of_the_page(ada_online, plan, db_group):
    taken = ada_online.post(f"{PLANS}add/", form(wave("A", db_group), name="BILLING"))
    stale = ada_online.post(f"{PLANS}{plan.pk}/change/", form(wave("A", db_group), seen_version=7, name="New"))

    assert "There is a recovery plan of that name already." in errors(taken)
    assert "Billing was changed by someone else. Reload it and try again." in errors(stale)
    assert [row.name for row in RecoveryPlan.objects.all()] == ["Billing"]
    assert len(shape(plan)) == 3


def test_a_running_plan_is_neither_changed_nor_deleted(ada_online, plan, db_group):
    RecoveryPlan.objects.update(active_execution=uuid.uuid4())

    changed = ada_online.post(f"{PLANS}{plan.pk}/change/", form(wave("A", db_group), seen_version=1))
    deleted = ada_online.post(f"{PLANS}{plan.pk}/delete/", {"post": "yes"})

    assert any("Billing is running now" in found for found in errors(changed))
    assert "Billing is running now" in str(*get_messages(deleted.wsgi_request))
    assert len(shape(plan)) == 3


def test_a_plan_is_deleted_after_a_question(ada_online, plan):
    ada_online.post(f"{PLANS}{plan.pk}/delete/", {"post": "yes"})

    assert not RecoveryPlan.objects.exists()


def test_a_large_wave_is_saved_with_a_warning(ada_online, make_group):
    response = ada_online.post(f"{PLANS}add/", form(wave("Farm", make_group("farm", count=101))))

    said = [str(message) for message in get_messages(response.wsgi_request)]
    assert any("Wave 1 has 101 servers in us-east-1" in sentence for sentence in said)


def test_an_auditor_reads_the_waves_and_changes_nothing(client, plan, db_group):
    client.force_login(staff(factories.person("anton", Role.AUDITOR)).user)
    page = f"{PLANS}{plan.pk}/change/"

    content = client.get(page).content.decode()

    assert "Wave 2: Web (web; runs after: 1; launched together; pauses before; times out after 30 min" in content
    assert "_save" not in content
    assert "waves-TOTAL_FORMS" not in content
    assert client.post(page, form(wave("A", db_group), seen_version=1)).status_code == 403


def test_the_list_and_the_page_take_the_same_queries_for_few_rows_and_many(ada_online, ada, db_group, make_group):
    def grow(first, last):
        for number in range(first, last):
            waves = [WaveDefinition(name="A", group_ids=(db_group.pk,))]
            services.create_plan(actor=ada, name=f"Plan {number}", waves=waves)

    def queries(page):
        with CaptureQueriesContext(connection) as found:
            assert ada_online.get(page).status_code == 200
        return len(found)

    grow(0, 2)
    groups = [make_group(f"tier-{number}") for number in range(12)]
    large = services.create_plan(
        actor=ada, name="Large", waves=[WaveDefinition(name=str(group), group_ids=(group.pk,)) for group in groups]
    )
    few, small = queries(PLANS), RecoveryPlan.objects.get(name="Plan 0")
    queries(f"{PLANS}{small.pk}/change/")  # from now on Django knows what it asks once in a process
    grow(2, 50)

    assert queries(PLANS) == few
    assert queries(f"{PLANS}{large.pk}/change/") == queries(f"{PLANS}{small.pk}/change/")
