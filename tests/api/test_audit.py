"""The audit trail through the API: for auditors and administrators, filtered, as a file, and verified."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from drsorch.access.roles import Permission, Role
from drsorch.access.tokens import issue_token
from drsorch.audit import chain, triggers
from drsorch.audit.models import AuditEvent, AuditVerification
from drsorch.audit.record import record
from tests import factories
from tests.api.test_paging import pages
from tests.audit.past import LONG_AGO, append, close, files

pytestmark = pytest.mark.django_db
EVENTS, VERIFICATION = "/audit/events", "/audit/verification"


@pytest.fixture
def anton(db):
    """Audits: the role is enough, nothing is granted to him."""
    return factories.person("anton", Role.AUDITOR, everywhere=False)


@pytest.fixture
def trail(ada, olga):
    """Four events: three of ada's, one of them refused, and one of olga's in two accounts."""
    with transaction.atomic():
        record(ada, "create_user", olga.user, after={"name": "Olga"}, note="first")
        record(ada, "update_user", olga.user)
        record(ada, "update_user", ada.user, outcome="DENIED")
        return record(olga, "start_execution", olga.user, account="111111111111,222222222222")


def with_token(calling, actor, **limits):
    """Ask with a token of somebody."""
    soon = timezone.now() + timedelta(days=1)
    rights = {"name": "Nightly", "scopes": list(Permission)} | limits
    _, text = issue_token(owner=actor.user, actor=actor, expires_at=soon, **rights)
    caller = calling()
    caller.client = APIClient(HTTP_AUTHORIZATION=f"Bearer {text}")
    return caller


def sequences(ask, query=""):
    return [event["sequence"] for event in ask.data("GET", f"{EVENTS}?{query}")["items"]]


def test_an_event_says_everything_the_latest_first(calling, anton, trail):
    first, *_, last = calling(anton).data("GET", EVENTS)["items"]

    assert (first["sequence"], last["sequence"]) == (4, 1)
    assert (last["actor"], last["action"], last["after"]) == ("ada", "create_user", {"name": "Olga"})
    assert (last["detail"], last["objectName"], last["accountIds"]) == ({"note": "first"}, "olga", [])
    assert first["accountIds"] == ["111111111111", "222222222222"]
    assert (first["hmac"], first["previousHash"]) == (trail.hmac, trail.previous_hash)


def test_it_is_filtered_by_what_auditors_ask_for(calling, anton, trail):
    ask = calling(anton)

    assert sequences(ask, "actor=olga") == [4]
    assert sequences(ask, "action=update_user&outcome=ALLOWED") == [2]
    assert sequences(ask, "outcome=DENIED") == [3]
    assert sequences(ask, "accountId=222222222222") == [4]
    assert sequences(ask, "accountId=333333333333") == []
    assert sequences(ask, f"objectKind=user&objectId={trail.object_id}&source=UI") == [4, 2, 1]
    assert sequences(ask, "actorKind=SYSTEM") == []
    assert sequences(ask, f"after={trail.at:%Y-%m-%dT%H:%M:%S.%f}Z") == [4]
    assert sequences(ask, f"before={trail.at:%Y-%m-%dT%H:%M:%S.%f}Z&ordering=sequence") == [1, 2, 3]
    for wrong in ("outcome=FINE", "accountId=1", "after=yesterday", "source=MOON", "format=xml", "colour=red"):
        ask.refusal("GET", f"{EVENTS}?{wrong}", status=400)


def test_what_a_token_did_is_found_by_the_token(calling, ada, anton, place):
    program = with_token(calling, ada)
    program.data("POST", "/drs/sync", status=202)
    number = AuditEvent.objects.first().token

    (event,) = calling(anton).data("GET", f"{EVENTS}?tokenId={number}&actorKind=TOKEN")["items"]
    assert (event["action"], event["actor"], event["accountIds"]) == ("request_sync", "ada", [factories.TARGET])


@pytest.mark.parametrize("path", [EVENTS, f"{EVENTS}?format=csv", VERIFICATION])
def test_others_do_not_read_it_whatever_they_may_do_elsewhere(calling, olga, vera, trail, path):
    for person in (olga, vera):
        error = calling(person).refusal("GET", path, status=403)
        assert (error["code"], error["details"]) == ("INSUFFICIENT_PERMISSIONS", {"role": "DRSAuditor"})
    exports = AuditEvent.objects.filter(action="export_audit", outcome="DENIED")
    assert list(exports.values_list("actor", flat=True)) == (["vera", "olga"] if "csv" in path else [])
    assert AuditEvent.objects.count() == 4 + len(exports)


def test_a_token_reads_it_only_with_all_that_its_owner_reads_it_by(calling, ada, anton, trail):
    assert sequences(with_token(calling, anton, scopes=["drs:ViewResources"])) == [5, 4, 3, 2, 1]
    assert with_token(calling, ada).data("GET", VERIFICATION)["lastEvent"] == 6

    narrowed = with_token(calling, ada, name="2", scopes=["drs:ViewResources"])
    bound = with_token(calling, ada, name="3", account_ids=["222222222222"])
    for token in (narrowed, bound):
        error = token.refusal("GET", EVENTS, status=403)
        assert (error["code"], error["details"]) == ("INSUFFICIENT_PERMISSIONS", {"role": "DRSAuditor"})


def test_the_pages_hold_every_event_once(calling, anton, trail):
    found = pages(calling(anton), EVENTS, "pageSize=3")

    assert [[event["sequence"] for event in page["items"]] for page in found] == [[4, 3, 2], [1]]
    assert {page["count"] for page in found} == {4}


def file(ask, query):
    """Ask for a file, and return the answer with its rows."""
    answer = ask.ask("GET", f"{EVENTS}?format=csv{query}")
    assert answer.status_code == 200, answer.content
    return answer, list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_the_file_has_what_the_filters_leave_and_no_formula_and_is_evidence_itself(calling, anton, ada, trail):
    ada.user.username = '=HYPERLINK("http://evil.example")'
    with transaction.atomic():
        record(ada, "update_user", ada.user)

    answer, rows = file(calling(anton), "&action=update_user")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="audit-')
    assert [row["sequence"] for row in rows] == ["2", "3", "5"]
    assert rows[0].keys() == {*chain.FACTS, "hmac"}
    assert rows[2]["object_name"] == '\'=HYPERLINK("http://evil.example")'
    event = AuditEvent.objects.first()
    assert (event.action, event.actor, event.source, event.outcome) == ("export_audit", "anton", "API", "ALLOWED")
    assert event.detail == {"format": "csv", "filters": {"format": "csv", "action": "update_user"}}
    assert event.request_id == answer["X-Request-Id"]


def test_a_file_has_no_pages(calling, anton, trail):
    for wrong in ("pageSize=5", "ordering=sequence", "pageToken=x"):
        error = calling(anton).refusal("GET", f"{EVENTS}?format=csv&{wrong}", status=400)
        assert error["details"]["fields"].keys() == {wrong.partition("=")[0]}
    assert AuditEvent.objects.count() == 4


def test_the_chain_is_verified_when_asked_and_what_was_found_is_kept(calling, anton, trail):
    ask = calling(anton)
    before = ask.data("GET", VERIFICATION)
    assert (before["isGood"], before["verification"], before["lastEvent"]) == (None, None, 4)
    assert "No anchor is kept on this host" in before["anchor"]

    found = ask.data("POST", VERIFICATION)

    assert (found["isGood"], found["verification"]["by"]) == (True, "anton")
    assert (found["verification"]["eventCount"], found["verification"]["problems"]) == (4, [])
    assert ask.data("GET", VERIFICATION) == found


def test_what_is_wrong_with_the_chain_is_said(calling, anton, trail):
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditevent SET actor = 'mallory' WHERE sequence = 2")
    triggers.install(connection)

    found = calling(anton).data("POST", VERIFICATION)

    assert (found["isGood"], found["verification"]["problemCount"]) == (False, 1)
    assert "was changed" in found["verification"]["problems"][0]


def test_a_chain_of_which_a_part_could_not_be_read_is_not_said_to_be_good(calling, anton, settings, tmp_path):
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "anchor.json")
    settings.AUDIT_SEGMENT_FOLDER = str(tmp_path / "segments")
    append(anton, 3, LONG_AGO)
    close()
    (file,) = files()
    file.rename(tmp_path / "elsewhere")
    ask = calling(anton)

    found = ask.data("POST", VERIFICATION)

    assert (found["isGood"], found["verification"]["problemCount"]) == (None, 0)
    assert (found["verification"]["segmentCount"], found["verification"]["unreadCount"]) == (0, 1)
    assert ask.data("GET", VERIFICATION)["isGood"] is None

    triggers.remove(connection)
    assert ask.data("POST", VERIFICATION)["isGood"] is False


def test_a_verification_that_is_refused_is_none_and_is_evidence(calling, vera, trail):
    calling(vera).refusal("POST", VERIFICATION, {}, status=403)

    assert not AuditVerification.objects.exists()
    event = AuditEvent.objects.first()
    assert (event.action, event.actor, event.outcome) == ("verify_audit", "vera", "DENIED")


def test_few_and_many_events_take_the_same_queries(calling, anton, ada):
    def grow(count):
        for _ in range(count):
            with transaction.atomic():
                record(ada, "create_user", ada.user)

    def queries(query):
        with CaptureQueriesContext(connection) as found:
            answer = ask.ask("GET", f"{EVENTS}?{query}")
            if answer.streaming:
                list(answer.streaming_content)
        return len(found)

    ask, asked = calling(anton), ("pageSize=2", "format=csv")
    grow(3)
    few = [queries(query) for query in asked]
    grow(50)
    assert [queries(query) for query in ("pageSize=40", "format=csv")] == few
    assert few[0] <= 8
