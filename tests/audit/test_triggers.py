"""The database itself refuses to bend evidence, whoever asks and by whatever statement."""

# ruff: noqa: S608 (the statements are those of somebody who bends evidence)

import pytest
from django.db import IntegrityError, connection, transaction

from drsorch.audit import triggers
from drsorch.audit.models import AuditEvent, AuditHead
from drsorch.audit.verify import verify
from tests.audit.conftest import sql

pytestmark = pytest.mark.django_db
COPY = "actor, source, action, object_kind, object_id, object_name, outcome, detail, at, hmac, actor_kind, token, "
COPY += "address, request_id, account, before, after, previous_hash"
FORBIDDEN = {
    "change one": ("UPDATE audit_auditevent SET actor = 'mallory' WHERE sequence = 4", "cannot be changed"),
    "change all": ("UPDATE audit_auditevent SET hmac = ''", "cannot be changed"),
    "delete one": ("DELETE FROM audit_auditevent WHERE sequence = 4", "cannot be deleted"),
    "delete all": ("DELETE FROM audit_auditevent", "cannot be deleted"),
    "rewind the head": ("UPDATE audit_audithead SET sequence = 4", "moves on by one"),
    "move the head away": ("UPDATE audit_audithead SET id = 2", "moves on by one"),
    "add another head": ("INSERT INTO audit_audithead (id, sequence, hmac) VALUES (2, 9, '')", "has its head"),
    "delete the head": ("DELETE FROM audit_audithead", "needs its head"),
    "leave a gap": (
        f"INSERT INTO audit_auditevent (sequence, {COPY}) SELECT 12, {COPY} FROM audit_auditevent WHERE sequence = 9",
        "must follow the last",
    ),
    "add one in the past": (
        f"INSERT INTO audit_auditevent (sequence, {COPY}) SELECT 0, {COPY} FROM audit_auditevent WHERE sequence = 9",
        "must follow the last",
    ),
}
ON_POSTGRESQL = {
    "empty the table": ("TRUNCATE audit_auditevent", "cannot be deleted"),
    "empty the head": ("TRUNCATE audit_audithead", "needs its head"),
}
ON_SQLITE = {
    "replace by number": (
        f"REPLACE INTO audit_auditevent (sequence, {COPY}) SELECT 4, {COPY} FROM audit_auditevent WHERE sequence = 9",
        "must follow the last",
    ),
    "replace by key": (
        f"REPLACE INTO audit_auditevent (id, sequence, {COPY}) "
        f"SELECT (SELECT id FROM audit_auditevent WHERE sequence = 4), 10, {COPY} FROM audit_auditevent "
        "WHERE sequence = 9",
        "must follow the last",
    ),
    "replace the head": ("REPLACE INTO audit_audithead (id, sequence, hmac) VALUES (1, 8, '')", "has its head"),
}
HERE = FORBIDDEN | (ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL)


@pytest.mark.parametrize("what", HERE)
def test_the_database_refuses_to(events, what):
    statement, sentence = HERE[what]

    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        sql(statement)

    assert verify().is_good


def test_an_event_is_not_replaced_even_when_the_head_was_rewound(events, unguarded):
    unguarded(("UPDATE audit_audithead SET sequence = 8",))
    verb = "REPLACE" if connection.vendor == "sqlite" else "INSERT"

    with pytest.raises(IntegrityError), transaction.atomic():
        sql(
            f"{verb} INTO audit_auditevent (sequence, {COPY}) SELECT 9, {COPY} FROM audit_auditevent WHERE sequence = 8"
        )

    assert AuditEvent.objects.get(sequence=9).pk == events[8].pk


def test_the_migrations_have_made_every_trigger(db):
    assert triggers.missing(connection) == []


def test_a_trigger_that_was_dropped_is_missed(db):
    on = "" if connection.vendor == "sqlite" else " ON audit_auditevent"
    sql(f"DROP TRIGGER audit_event_undeleted{on}")

    assert triggers.missing(connection) == ["audit_event_undeleted"]


# What switches the rule off without dropping it.
CHANGED = {
    "a trigger that fires on replicas": "ALTER TABLE audit_auditevent ENABLE REPLICA TRIGGER audit_event_unchanged",
    "a trigger that is off": "ALTER TABLE audit_auditevent DISABLE TRIGGER audit_event_unchanged",
    "a function that refuses nothing": (
        "CREATE OR REPLACE FUNCTION audit_event_unchanged() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RETURN NEW; END $$"
    ),
    "a function that looks elsewhere": "ALTER FUNCTION audit_event_unchanged() SET search_path = elsewhere",
    "a trigger on another table": (
        "DROP TRIGGER audit_event_unchanged ON audit_auditevent; CREATE TRIGGER audit_event_unchanged BEFORE UPDATE "
        "ON audit_auditanchor FOR EACH ROW EXECUTE FUNCTION audit_event_unchanged()"
    ),
    "a trigger on one column": (
        "DROP TRIGGER audit_event_unchanged ON audit_auditevent; CREATE TRIGGER audit_event_unchanged BEFORE UPDATE "
        "OF action ON audit_auditevent FOR EACH ROW EXECUTE FUNCTION audit_event_unchanged()"
    ),
}
if connection.vendor == "sqlite":
    BODY = "BEGIN SELECT RAISE(ABORT, 'Audit events cannot be changed.'); END"
    CHANGED = {
        "a trigger that refuses nothing": "BEFORE UPDATE ON audit_auditevent FOR EACH ROW BEGIN SELECT 1; END",
        "a trigger that never fires": f"BEFORE UPDATE ON audit_auditevent FOR EACH ROW WHEN 0 {BODY}",
        "a trigger on another table": f"BEFORE UPDATE ON audit_auditanchor FOR EACH ROW {BODY}",
        "a trigger on one column": f"BEFORE UPDATE OF action ON audit_auditevent FOR EACH ROW {BODY}",
    }


@pytest.mark.parametrize("what", CHANGED)
def test_a_trigger_that_is_there_and_does_not_do_its_work_is_missed(db, what):
    statement = CHANGED[what]
    if connection.vendor == "sqlite":
        sql("DROP TRIGGER audit_event_unchanged")
        statement = f"CREATE TRIGGER audit_event_unchanged {statement}"
    sql(statement)

    assert triggers.missing(connection) == ["audit_event_unchanged"]


def test_the_head_moves_on_with_each_event(events):
    assert AuditHead.objects.get().hmac == AuditEvent.objects.get(sequence=9).hmac == events[8].hmac
