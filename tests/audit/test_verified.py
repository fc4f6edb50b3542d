"""A verification is evidence itself: an event says what was found, and a row without one proves nothing."""

# ruff: noqa: S608 (the statements are those of somebody who bends evidence)

import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from drsorch.access.auditing import verify_audit
from drsorch.api.throttles import VERIFICATIONS_AT_ONCE, Throttled
from drsorch.audit import triggers
from drsorch.audit.actor import COMMAND
from drsorch.audit.models import AuditEvent, AuditVerification
from drsorch.audit.verified import is_good, keep
from drsorch.audit.verify import verify
from tests.audit.conftest import sql

pytestmark = pytest.mark.django_db
TABLE = AuditVerification._meta.db_table


def test_a_verification_is_an_event_with_what_was_found(events, ada):
    _, kept = verify_audit(actor=ada)

    event = AuditEvent.objects.first()
    assert (event.sequence, event.actor, event.action) == (10, "ada", "verify_audit")
    assert (event.object_kind, event.object_id) == ("auditverification", str(kept.pk))
    assert (event.detail["sequence"], event.detail["events"], event.detail["problem_count"]) == (9, 9, 0)
    assert is_good(kept) is True
    assert is_good(AuditVerification.objects.get()) is True
    assert verify().is_good


def test_what_a_command_found_wrong_is_an_event_too(events, unguarded):
    unguarded(("UPDATE audit_auditevent SET actor = 'mallory' WHERE sequence = 4",))

    kept = keep(verify(), COMMAND)

    event = AuditEvent.objects.first()
    assert (event.actor_kind, event.detail["problem_count"], len(event.detail["problems"])) == ("SYSTEM", 1, 1)
    assert is_good(kept) is False


def test_a_row_that_nobody_recorded_proves_nothing(events, ada_online):
    forged = AuditVerification.objects.create(by="ada", sequence=9, events=9, seconds=0.1, problem_count=0)

    assert is_good(forged) is None
    assert ada_online.get("/api/v1/audit/verification").json()["data"]["isGood"] is None
    assert "this proves nothing" in ada_online.get(reverse("admin:audit_auditevent_changelist")).content.decode()


@pytest.mark.parametrize("column", ["at", "by", "sequence", "events", "segments", "problems"])
def test_a_row_that_was_changed_proves_nothing(events, ada, unguarded, column):
    verify_audit(actor=ada)
    value = {"at": "2031-01-01 00:00:00+00:00", "by": "mallory", "problems": '["Another."]'}.get(column, 7)
    unguarded((f'UPDATE {TABLE} SET "{column}" = %s', value))

    assert is_good(AuditVerification.objects.get()) is None


def test_bad_news_that_became_good_in_the_row_and_in_the_event_prove_nothing(events, ada, unguarded):
    unguarded(("UPDATE audit_auditevent SET actor = 'mallory' WHERE sequence = 4",))
    verify_audit(actor=ada)
    detail = json.dumps(AuditEvent.objects.first().detail | {"problem_count": 0, "problems": []})
    unguarded(
        (f"UPDATE {TABLE} SET problem_count = 0, problems = '[]'",),
        ("UPDATE audit_auditevent SET detail = %s WHERE sequence = 10", detail),
    )

    assert is_good(AuditVerification.objects.get()) is None


COLUMNS = "at, by, sequence, events, segments, unread_count, seconds, problem_count, problems"
FORBIDDEN = {
    "change": (f"UPDATE {TABLE} SET problem_count = 0", "cannot be changed"),
    "delete": (f"DELETE FROM {TABLE}", "cannot be deleted"),
    "replace": (
        f"{'REPLACE' if connection.vendor == 'sqlite' else 'INSERT'} INTO {TABLE} (id, {COLUMNS}) "
        f"SELECT id, {COLUMNS} FROM {TABLE}",
        "cannot be changed",
    ),
    **({} if connection.vendor == "sqlite" else {"empty": (f"TRUNCATE {TABLE}", "cannot be deleted")}),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_database_refuses_to_change_what_was_found(events, ada, what):
    verify_audit(actor=ada)
    statement, sentence = FORBIDDEN[what]

    with pytest.raises(IntegrityError, match=f"Audit verifications {sentence}"), transaction.atomic():
        sql(statement)

    assert is_good(AuditVerification.objects.get()) is True
    assert verify().is_good


def test_neither_does_the_product(events, ada):
    _, kept = verify_audit(actor=ada)
    rows = AuditVerification.objects
    for change in (lambda: rows.update(by="mallory"), rows.all().delete, kept.save, kept.delete):
        with pytest.raises(TypeError, match="Audit verifications cannot be"):
            change()


def test_a_trigger_of_verifications_that_was_dropped_is_missed(events):
    on = "" if connection.vendor == "sqlite" else f" ON {TABLE}"
    sql(f"DROP TRIGGER audit_verification_unchanged{on}")

    assert "its trigger audit_verification_unchanged is missing, off or changed." in verify().problems[0]


def test_a_chain_to_which_nothing_can_be_appended_is_verified_all_the_same(events, unguarded):
    unguarded(("DELETE FROM audit_audithead",))
    report = verify()

    kept = keep(report, COMMAND)

    assert report.problems[-1] == "Nothing can be appended to the chain: this verification is not in it."
    assert (kept.problem_count, AuditVerification.objects.get()) == (2, kept)


def test_without_triggers_no_event_is_left_behind_the_head(events):
    triggers.remove(connection)
    report = verify()

    keep(report, COMMAND)

    triggers.install(connection)
    assert AuditEvent.objects.count() == 9
    assert verify().is_good


def test_whoever_verifies_again_and_again_has_to_wait(events, ada):
    for _ in range(VERIFICATIONS_AT_ONCE):
        verify_audit(actor=ada)

    with pytest.raises(Throttled):
        verify_audit(actor=ada)
    assert AuditVerification.objects.count() == VERIFICATIONS_AT_ONCE
