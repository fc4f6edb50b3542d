"""The database lets events leave with their segment, and in no other way; segments never leave."""

# ruff: noqa: S608 (the statements are those of somebody who bends evidence)

import pytest
from django.db import IntegrityError, connection, transaction

from drsorch.audit import triggers
from drsorch.audit.models import AuditEvent
from drsorch.audit.verify import verify
from tests.audit.conftest import sql

pytestmark = pytest.mark.django_db
TABLE = "audit_auditsegment"
COLUMNS = "first_sequence, last_sequence, count, previous_hash, last_hash, sha256, at, by, hmac"
LAST = "previous_hash, (SELECT hmac FROM audit_auditevent WHERE sequence = 8), sha256, at, by, hmac"


def added(numbers, rest=LAST):
    """The statement that adds a segment of these numbers (first, last, count)."""
    return f"INSERT INTO {TABLE} ({COLUMNS}) SELECT {numbers}, {rest} FROM {TABLE} WHERE first_sequence = 5"


FORBIDDEN = {
    "change a segment": (f"UPDATE {TABLE} SET by = 'mallory' WHERE first_sequence = 3", "segments cannot be changed"),
    "widen a segment": (f"UPDATE {TABLE} SET last_sequence = 9 WHERE first_sequence = 5", "segments cannot be changed"),
    "delete a segment": (f"DELETE FROM {TABLE} WHERE first_sequence = 5", "segments cannot be deleted"),
    "delete all segments": (f"DELETE FROM {TABLE}", "segments cannot be deleted"),
    "delete an event that is in no segment": ("DELETE FROM audit_auditevent WHERE sequence = 7", "cannot be deleted"),
    "delete the last event": ("DELETE FROM audit_auditevent WHERE sequence = 12", "cannot be deleted"),
    "change an event": ("UPDATE audit_auditevent SET actor = 'mallory' WHERE sequence = 7", "cannot be changed"),
    "move an event into a segment": ("UPDATE audit_auditevent SET sequence = 6 WHERE sequence = 7", "be changed"),
    "add a segment after a gap": (added("8, 8, 1"), "must follow the last one"),
    "add a segment over another": (added("5, 8, 4"), "must follow the last one"),
    "add a segment that counts wrongly": (added("7, 8, 3"), "must follow the last one"),
    "add a segment that ends elsewhere": (added("7, 9, 3"), "end at an event"),
    "add a segment after the chain": (added("7, 99, 93"), "end at an event"),
}
ON_POSTGRESQL = {"empty the segments": (f"TRUNCATE {TABLE}", "segments cannot be deleted")}
ON_SQLITE = {
    "replace a segment by its numbers": (added("5, 8, 4").replace("INSERT", "REPLACE"), "must follow the last one"),
    "replace a segment by its key": (
        added("7, 8, 2, (SELECT id FROM audit_auditsegment WHERE first_sequence = 3)")
        .replace("INSERT", "REPLACE")
        .replace("count, previous", "count, id, previous"),
        "must follow the last one",
    ),
}
HERE = FORBIDDEN | (ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL)


@pytest.mark.parametrize("what", HERE)
def test_the_database_refuses_to(closed, what):
    statement, sentence = HERE[what]

    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        sql(statement)

    assert verify().is_good


def test_a_deletion_of_some_that_may_leave_and_some_that_may_not_deletes_none(closed):
    sql(added("7, 8, 2"))

    with pytest.raises(IntegrityError, match="cannot be deleted"), transaction.atomic():
        sql("DELETE FROM audit_auditevent WHERE sequence BETWEEN 7 AND 9")
    assert AuditEvent.objects.count() == 6

    sql("DELETE FROM audit_auditevent WHERE sequence BETWEEN 7 AND 8")
    assert AuditEvent.objects.count() == 4


def test_triggers_of_segments_that_were_dropped_are_missed(closed):
    on = "" if connection.vendor == "sqlite" else f" ON {TABLE}"
    sql(f"DROP TRIGGER audit_segment_undeleted{on}")

    assert "its trigger audit_segment_undeleted is missing, off or changed." in verify().problems[0]
    triggers.install(connection)
    assert verify().is_good
