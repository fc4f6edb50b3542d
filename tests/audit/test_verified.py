"""A verification is evidence itself: an event says what was found, and a row without one proves nothing."""

import json

import pytest
from django.db import connection
from django.urls import reverse

from drsorch.access.auditing import verify_audit
from drsorch.api.throttles import VERIFICATIONS_AT_ONCE, Throttled
from drsorch.audit import triggers
from drsorch.audit.actor import COMMAND
from drsorch.audit.models import AuditEvent, AuditVerification
from drsorch.audit.verified import is_good, keep
from drsorch.audit.verify import verify

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
def test_a_row_that_was_changed_proves_nothing(events, ada, column):
    _, kept = verify_audit(actor=ada)
    value = {"at": "2031-01-01T00:00:00Z", "by": "mallory", "problems": ["Another."]}.get(column, 7)
    AuditVerification.objects.filter(pk=kept.pk).update(**{column: value})

    assert is_good(AuditVerification.objects.get()) is None


def test_bad_news_that_became_good_in_the_row_and_in_the_event_prove_nothing(events, ada, unguarded):
    unguarded(("UPDATE audit_auditevent SET actor = 'mallory' WHERE sequence = 4",))
    _, kept = verify_audit(actor=ada)
    good = {"problem_count": 0, "problems": []}
    AuditVerification.objects.filter(pk=kept.pk).update(**good)
    detail = json.dumps(AuditEvent.objects.first().detail | good)
    unguarded(("UPDATE audit_auditevent SET detail = %s WHERE sequence = 10", detail))

    assert is_good(AuditVerification.objects.get()) is None


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
