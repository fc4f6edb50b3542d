"""The audit trail at the admin site: for auditors and administrators, with the state of its chain, exported."""

import csv
import io
import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from drsorch.access.roles import Role
from drsorch.audit import chain, triggers
from drsorch.audit.models import AuditEvent, AuditVerification
from drsorch.audit.record import record
from drsorch.spreadsheets import neutral
from tests import factories
from tests.access.conftest import staff

pytestmark = pytest.mark.django_db
LIST = reverse("admin:audit_auditevent_changelist")
VERIFY = reverse("admin:audit_auditevent_verify")


def export(kind):
    return reverse("admin:audit_auditevent_export", args=[kind])


@pytest.fixture
def site(client, auditor):
    """A browser in which the auditor is signed in."""
    client.force_login(auditor.user)
    return client


@pytest.fixture
def trail(ada, olga):
    """Four events: three of ada's, one of them refused, and one of olga's."""
    with transaction.atomic():
        record(ada, "create_user", olga.user, after={"name": "=1+1"}, note="first")
        record(ada, "update_user", olga.user)
        record(ada, "update_user", ada.user, outcome="DENIED")
        return record(olga, "start_execution", olga.user)


def names(page):
    return [event.action for event in page.context["cl"].result_list]


def sent(response):
    return b"".join(response.streaming_content).decode()


def test_the_list_filters_by_what_auditors_ask_for(site, trail):
    assert len(names(site.get(LIST))) == 4
    assert names(site.get(LIST, {"outcome__exact": "DENIED"})) == ["update_user"]
    assert names(site.get(LIST, {"action": "create_user"})) == ["create_user"]
    assert names(site.get(LIST, {"actor_kind__exact": "SYSTEM"})) == []
    assert names(site.get(LIST, {"q": "olga", "source__exact": "UI"}))[0] == "start_execution"
    assert names(site.get(LIST, {"at__year": trail.at.year + 1})) == []


def test_events_of_a_date_come_in_the_same_order_by_the_index_of_times(site, trail):
    dated = site.get(LIST, {"at__year": trail.at.year})

    assert names(dated) == names(site.get(LIST)) != []
    assert dated.context["cl"].queryset.query.order_by[0] == "-at"


def test_one_event_shows_everything_it_says(site, trail):
    page = site.get(reverse("admin:audit_auditevent_change", args=[trail.pk])).content.decode()

    assert trail.hmac in page
    assert trail.previous_hash in page
    assert "_save" not in page


@pytest.mark.parametrize("path", [LIST, export("csv"), reverse("admin:audit_auditverification_changelist")])
def test_staff_who_are_neither_auditors_nor_administrators_do_not_read_it(client, db, path):
    client.force_login(staff(factories.person("rita", Role.RECOVERY_MANAGER)).user)

    assert client.get(path).status_code == 403
    assert client.post(VERIFY).status_code == 403
    assert not AuditVerification.objects.exists()


def test_the_state_of_the_chain_is_shown_and_verified_on_request(site, trail):
    assert "It was never verified." in site.get(LIST).content.decode()

    page = site.post(VERIFY, follow=True).content.decode()

    assert "4 events verified in" in page
    assert "Nothing was wrong." in page
    assert AuditVerification.objects.get().by == "anton"


def test_what_is_wrong_with_the_chain_is_shown(site, trail):
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditevent SET actor = 'mallory' WHERE sequence = 2")
    triggers.install(connection)

    page = site.post(VERIFY, follow=True).content.decode()

    assert "The audit trail is not good: 1 problem" in page
    assert "mallory update_user) was changed" in page
    kept = AuditVerification.objects.get()
    assert "was changed" in site.get(reverse("admin:audit_auditverification_change", args=[kept.pk])).content.decode()


def test_the_anchor_is_shown(site, trail, settings, tmp_path):
    assert "No anchor is kept on this host" in site.get(LIST).content.decode()

    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "anchor.json")
    assert "There is no anchor at" in site.get(LIST).content.decode()
    (tmp_path / "anchor.json").write_text("{}")
    assert "cannot be read: it is not what was written" in site.get(LIST).content.decode()


def test_verifying_needs_a_post(site, trail):
    assert site.get(VERIFY).status_code == 405


def test_the_csv_has_every_event_and_column_and_no_formula(site, trail, ada):
    ada.user.username = '=HYPERLINK("http://evil.example")'
    with transaction.atomic():
        record(ada, "update_user", ada.user)

    response = site.get(export("csv"))
    rows = list(csv.DictReader(io.StringIO(sent(response))))

    assert response.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in response.headers["Content-Disposition"]
    assert [row["sequence"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert set(rows[0]) == {*chain.FACTS, "hmac"}
    assert rows[4]["object_name"] == '\'=HYPERLINK("http://evil.example")'
    assert json.loads(rows[0]["after"]) == {"name": "=1+1"}


FORMULAS = ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "  =1", "- 1", "\t1", "＝1", "﹢1"]  # noqa: RUF001
# Behind what is not seen: a space that is not broken, one without width, a byte order mark, a direction.
FORMULAS += ["\u00a0=1", "\u200b=1", "\ufeff=1", "\u202e=1", "\x00=1", " \u2003\u200d+1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_a_spreadsheet_would_calculate_is_text(text):
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "olga", "a=1", "2026-01-01", "'quoted", "\u00a0x", "größer"])
def test_any_other_cell_stays_as_it_is(text):
    assert neutral(text) == text


def test_the_json_can_be_verified_by_whoever_has_the_key(site, trail, settings):
    rows = json.loads(sent(site.get(export("json"))))

    assert len(rows) == 4
    previous = chain.FIRST
    for row in rows:
        mac = row.pop("hmac")
        assert row["previous_hash"] == previous
        assert chain.seal(row, settings.AUDIT_KEY) == mac
        previous = mac


def test_an_export_of_nothing_is_well_formed(site, trail):
    assert json.loads(sent(site.get(export("json"), {"action": "none"}))) == []
    assert sent(site.get(export("csv"), {"action": "none"})).count("\n") == 1


def test_an_export_has_what_the_filters_leave_and_is_evidence_itself(site, trail):
    rows = json.loads(sent(site.get(export("json"), {"outcome__exact": "DENIED"})))

    assert [row["sequence"] for row in rows] == [3]
    event = AuditEvent.objects.first()
    assert (event.action, event.actor, event.source, event.outcome) == ("export_audit", "anton", "ADMIN", "ALLOWED")
    assert event.detail == {"format": "json", "filters": {"outcome__exact": "DENIED"}}


def test_an_unknown_format_leads_back_and_is_no_export(site, trail):
    assert site.get(export("xml")).headers["Location"] == LIST
    assert AuditEvent.objects.count() == 4


def test_the_list_and_the_export_take_the_same_queries_for_few_and_many(site, ada):
    def grow(count):
        for _ in range(count):
            with transaction.atomic():
                record(ada, "create_user", ada.user)

    def queries(path):
        with CaptureQueriesContext(connection) as found:
            response = site.get(path)
            if response.streaming:
                sent(response)
        return len(found)

    grow(2)
    few = [queries(path) for path in (LIST, export("csv"), export("json"))]
    grow(48)
    assert [queries(path) for path in (LIST, export("csv"), export("json"))] == few
