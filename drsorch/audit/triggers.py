"""The database itself refuses to change evidence, and moves the head of the chain on: triggers that a migration makes.

Without them nothing can be appended: the head stands still, and the next event would have the number of the last. The
head itself is one row, made before the triggers are: no other takes its place.
Events leave the table in one way only: a segment that has them must be there. Segments themselves stay for good, and
so does what verifications have found.
SQLite drops triggers when Django makes a table anew, and cannot rename it while one on another table speaks of it: a
migration that alters one of these tables removes them first, and installs them again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

EVENTS, HEADS, SEGMENTS = "audit_auditevent", "audit_audithead", "audit_auditsegment"
VERIFICATIONS = "audit_auditverification"
CHANGED, DELETED = "Audit events cannot be changed.", "Audit events cannot be deleted."
SEGMENT_CHANGED, SEGMENT_DELETED = "Audit segments cannot be changed.", "Audit segments cannot be deleted."
FINDING_CHANGED, FINDING_DELETED = "Audit verifications cannot be changed.", "Audit verifications cannot be deleted."
NOT_NEXT = "An audit event must follow the last one."
NO_SEGMENT = "An audit segment must follow the last one and end at an event."
HEAD_MOVED, HEAD_DELETED = "The head of the audit chain moves on by one event.", "The audit chain needs its head."
HEAD_ADDED = "The audit chain has its head: there is one."

# What happens after an event was added.
MOVES_HEAD = "audit_event_moves_head"
MOVE = "UPDATE audit_audithead SET sequence = NEW.sequence, hmac = NEW.hmac WHERE id = 1;"
# What is refused before: name, table, statement, condition, and what is said. "INSERT OR REPLACE" of SQLite deletes
# without asking the triggers of DELETE: there, what would take the place of a row is refused, too.
IS_NOT_NEXT = "NEW.sequence IS DISTINCT FROM (SELECT sequence + 1 FROM audit_audithead WHERE id = 1)"
REPLACES = {
    EVENTS: "EXISTS (SELECT 1 FROM audit_auditevent WHERE id = NEW.id OR sequence = NEW.sequence)",
    SEGMENTS: "EXISTS (SELECT 1 FROM audit_auditsegment WHERE id = NEW.id)",  # its numbers follow the last one
}
IS_TAKEN = "EXISTS (SELECT 1 FROM audit_auditverification WHERE id = NEW.id)"
IS_JUMP = "NEW.sequence IS DISTINCT FROM OLD.sequence + 1 OR NEW.id IS DISTINCT FROM OLD.id"
STAYS = "NOT EXISTS (SELECT 1 FROM audit_auditsegment WHERE OLD.sequence BETWEEN first_sequence AND last_sequence)"
IS_NO_SEGMENT = (
    "NEW.first_sequence IS DISTINCT FROM (SELECT COALESCE(MAX(last_sequence), 0) + 1 FROM audit_auditsegment)"
    " OR NEW.count IS DISTINCT FROM NEW.last_sequence - NEW.first_sequence + 1"
    " OR NOT EXISTS (SELECT 1 FROM audit_auditevent WHERE sequence = NEW.last_sequence AND hmac = NEW.last_hash)"
)
Rule = tuple[str, str, str, str, str]
TRIGGERS: tuple[Rule, ...] = (
    ("audit_event_unchanged", EVENTS, "UPDATE", "", CHANGED),
    ("audit_event_undeleted", EVENTS, "DELETE", STAYS, DELETED),
    ("audit_event_next", EVENTS, "INSERT", IS_NOT_NEXT, NOT_NEXT),
    ("audit_head_moves_on", HEADS, "UPDATE", IS_JUMP, HEAD_MOVED),
    ("audit_head_undeleted", HEADS, "DELETE", "", HEAD_DELETED),
    ("audit_head_alone", HEADS, "INSERT", "", HEAD_ADDED),
    ("audit_segment_unchanged", SEGMENTS, "UPDATE", "", SEGMENT_CHANGED),
    ("audit_segment_undeleted", SEGMENTS, "DELETE", "", SEGMENT_DELETED),
    ("audit_segment_next", SEGMENTS, "INSERT", IS_NO_SEGMENT, NO_SEGMENT),
    ("audit_verification_unchanged", VERIFICATIONS, "UPDATE", "", FINDING_CHANGED),
    ("audit_verification_undeleted", VERIFICATIONS, "DELETE", "", FINDING_DELETED),
    ("audit_verification_new", VERIFICATIONS, "INSERT", IS_TAKEN, FINDING_CHANGED),
)
# Before there were segments, no event could leave.
BEFORE_SEGMENTS: tuple[Rule, ...] = (
    ("audit_event_undeleted", EVENTS, "DELETE", "", DELETED),
    *(rule for rule in TRIGGERS if SEGMENTS not in rule[1] + rule[3]),
)
TRUNCATIONS = (
    ("audit_event_untruncated", EVENTS, DELETED),
    ("audit_head_untruncated", HEADS, HEAD_DELETED),
    ("audit_segment_untruncated", SEGMENTS, SEGMENT_DELETED),
    ("audit_verification_untruncated", VERIFICATIONS, FINDING_DELETED),
)

FUNCTION = "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
# What there is: name, statement and body of each trigger that fires. On PostgreSQL one may be switched off, or fire on
# replicas only; it calls a function that may have become another one, or been told to look for its tables elsewhere.
SQLITE_HAS = "SELECT name, sql, '' FROM sqlite_master WHERE type = 'trigger'"
POSTGRESQL_HAS = (
    "SELECT tgname, pg_get_triggerdef(pg_trigger.oid, true), prosrc FROM pg_trigger"
    " JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_language ON pg_language.oid = prolang"
    " WHERE tgenabled IN ('O', 'A') AND lanname = 'plpgsql' AND proconfig IS NULL"
    " AND tgrelid IN (to_regclass('audit_auditevent'), to_regclass('audit_audithead'),"
    " to_regclass('audit_auditsegment'), to_regclass('audit_auditverification'))"
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger as the database keeps it. `body` is that of its function, empty on SQLite, which has none."""

    name: str
    statement: str
    body: str = ""


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers; those that exist are made anew."""
    remove(connection)
    with connection.cursor() as cursor:
        for trigger in _made(connection):
            if trigger.body:
                cursor.execute(FUNCTION.format(name=trigger.name, body=trigger.body))
            cursor.execute(trigger.statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers that exist."""
    with connection.cursor() as cursor:
        for name, table in _wanted(connection).items():
            on = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that are not as `install` makes them: gone, switched off, or changed."""
    with connection.cursor() as cursor:
        cursor.execute(SQLITE_HAS if connection.vendor == "sqlite" else POSTGRESQL_HAS)
        present = {Trigger(*row) for row in cursor.fetchall()}
    return sorted(_wanted(connection).keys() - {trigger.name for trigger in present.intersection(_made(connection))})


def _made(connection: BaseDatabaseWrapper) -> list[Trigger]:
    tables = connection.introspection.table_names()
    rules = TRIGGERS if SEGMENTS in tables else BEFORE_SEGMENTS
    if connection.vendor == "sqlite":
        return _for_sqlite(rules)
    return _for_postgresql(rules, [row for row in TRUNCATIONS if row[1] in tables])


def _wanted(connection: BaseDatabaseWrapper) -> dict[str, str]:
    rows: list[tuple[Any, ...]] = [*TRIGGERS, *(TRUNCATIONS if connection.vendor != "sqlite" else ())]
    return {row[0]: row[1] for row in rows} | {MOVES_HEAD: EVENTS}


def _for_sqlite(rules: Iterable[Rule]) -> list[Trigger]:
    made = [Trigger(MOVES_HEAD, f"{_begun(MOVES_HEAD, 'AFTER INSERT', EVENTS)} BEGIN {MOVE} END")]
    for name, table, verb, condition, sentence in rules:
        # IS NOT is SQLite's IS DISTINCT FROM, which its older versions do not know.
        replaces = f" OR {REPLACES[table]}" if verb == "INSERT" and table in REPLACES else ""
        wrong = condition.replace("IS DISTINCT FROM", "IS NOT") + replaces
        when = f"WHEN {wrong} " if wrong else ""
        refusal = f"{when}BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        made.append(Trigger(name, f"{_begun(name, f'BEFORE {verb}', table)} {refusal}"))
    return made


def _for_postgresql(rules: Iterable[Rule], truncations: Iterable[tuple[str, str, str]]) -> list[Trigger]:
    # A condition with a subquery cannot stand in WHEN there: all of them stand in the functions.
    made = [_calling(MOVES_HEAD, "AFTER INSERT", EVENTS, f"{MOVE} RETURN NULL;")]
    for name, table, verb, condition, sentence in rules:
        refusal, row = _refusal(sentence), "OLD" if verb == "DELETE" else "NEW"
        body = f"IF {condition} THEN {refusal} END IF; RETURN {row};" if condition else refusal
        made.append(_calling(name, f"BEFORE {verb}", table, body))
    for name, table, sentence in truncations:
        made.append(_calling(name, "BEFORE TRUNCATE", table, _refusal(sentence), each="STATEMENT"))
    return made


def _calling(name: str, when: str, table: str, body: str, *, each: str = "ROW") -> Trigger:
    return Trigger(name, f"{_begun(name, when, table, each)} EXECUTE FUNCTION {name}()", f" BEGIN {body} END ")


def _begun(name: str, when: str, table: str, each: str = "ROW") -> str:
    return f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each}"


def _refusal(sentence: str) -> str:
    return f"RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation';"
