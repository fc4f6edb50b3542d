"""The database itself refuses to change evidence, and moves the head of the chain on: triggers that a migration makes.

Without them nothing can be appended: the head stands still, and the next event would have the number of the last.
Events leave the table in one way only: a segment that has them must be there. Segments themselves stay for good.
SQLite drops triggers when Django makes a table anew, and cannot rename it while one on another table speaks of it: a
migration that alters one of these tables removes them first, and installs them again.
"""

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

EVENTS, HEADS, SEGMENTS = "audit_auditevent", "audit_audithead", "audit_auditsegment"
CHANGED, DELETED = "Audit events cannot be changed.", "Audit events cannot be deleted."
SEGMENT_CHANGED, SEGMENT_DELETED = "Audit segments cannot be changed.", "Audit segments cannot be deleted."
NOT_NEXT = "An audit event must follow the last one."
NO_SEGMENT = "An audit segment must follow the last one and end at an event."
HEAD_MOVED, HEAD_DELETED = "The head of the audit chain moves on by one event.", "The audit chain needs its head."

# What happens after an event was added.
MOVES_HEAD = "audit_event_moves_head"
MOVE = f"UPDATE {HEADS} SET sequence = NEW.sequence, hmac = NEW.hmac WHERE id = 1;"  # noqa: S608 (constants)
# What is refused before: name, table, statement, condition, and what is said. "INSERT OR REPLACE" of SQLite deletes
# without asking the triggers of DELETE, hence the second condition on INSERT there.
IS_NOT_NEXT = f"NEW.sequence IS DISTINCT FROM (SELECT sequence + 1 FROM {HEADS} WHERE id = 1)"  # noqa: S608
REPLACES = "EXISTS (SELECT 1 FROM {} WHERE id = NEW.id)"
IS_JUMP = "NEW.sequence IS DISTINCT FROM OLD.sequence + 1 OR NEW.id IS DISTINCT FROM OLD.id"
STAYS = f"NOT EXISTS (SELECT 1 FROM {SEGMENTS} WHERE OLD.sequence BETWEEN first_sequence AND last_sequence)"  # noqa: S608
IS_NO_SEGMENT = (
    f"NEW.first_sequence IS DISTINCT FROM (SELECT COALESCE(MAX(last_sequence), 0) + 1 FROM {SEGMENTS})"  # noqa: S608
    " OR NEW.count IS DISTINCT FROM NEW.last_sequence - NEW.first_sequence + 1"
    f" OR NOT EXISTS (SELECT 1 FROM {EVENTS} WHERE sequence = NEW.last_sequence AND hmac = NEW.last_hash)"
)
Rule = tuple[str, str, str, str, str]
TRIGGERS: tuple[Rule, ...] = (
    ("audit_event_unchanged", EVENTS, "UPDATE", "", CHANGED),
    ("audit_event_undeleted", EVENTS, "DELETE", STAYS, DELETED),
    ("audit_event_next", EVENTS, "INSERT", IS_NOT_NEXT, NOT_NEXT),
    ("audit_head_moves_on", HEADS, "UPDATE", IS_JUMP, HEAD_MOVED),
    ("audit_head_undeleted", HEADS, "DELETE", "", HEAD_DELETED),
    ("audit_segment_unchanged", SEGMENTS, "UPDATE", "", SEGMENT_CHANGED),
    ("audit_segment_undeleted", SEGMENTS, "DELETE", "", SEGMENT_DELETED),
    ("audit_segment_next", SEGMENTS, "INSERT", IS_NO_SEGMENT, NO_SEGMENT),
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
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers; those that exist are made anew."""
    remove(connection)
    tables = connection.introspection.table_names()
    rules = TRIGGERS if SEGMENTS in tables else BEFORE_SEGMENTS
    truncations = [row for row in TRUNCATIONS if row[1] in tables]
    statements = _for_sqlite(rules) if connection.vendor == "sqlite" else _for_postgresql(rules, truncations)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers that exist."""
    with connection.cursor() as cursor:
        for name, table in _wanted(connection).items():
            on = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that are not there, or are switched off."""
    if connection.vendor == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D' AND NOT tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {name for (name,) in cursor.fetchall()}
    return sorted(_wanted(connection).keys() - present)


def _wanted(connection: BaseDatabaseWrapper) -> dict[str, str]:
    rows: list[tuple[Any, ...]] = [*TRIGGERS, *(TRUNCATIONS if connection.vendor != "sqlite" else ())]
    return {row[0]: row[1] for row in rows} | {MOVES_HEAD: EVENTS}


def _for_sqlite(rules: Iterable[Rule]) -> list[str]:
    statements = [f"CREATE TRIGGER {MOVES_HEAD} AFTER INSERT ON {EVENTS} FOR EACH ROW BEGIN {MOVE} END"]
    for name, table, verb, condition, sentence in rules:
        # IS NOT is SQLite's IS DISTINCT FROM, which its older versions do not know.
        replaces = f" OR {REPLACES.format(table)}" if verb == "INSERT" else ""
        wrong = condition.replace("IS DISTINCT FROM", "IS NOT") + replaces
        when = f"WHEN {wrong} " if wrong else ""
        statements.append(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {when}"
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        )
    return statements


def _for_postgresql(rules: Iterable[Rule], truncations: Iterable[tuple[str, str, str]]) -> list[str]:
    # A condition with a subquery cannot stand in WHEN there: all of them stand in the functions.
    statements = [
        _function(MOVES_HEAD, f"{MOVE} RETURN NULL;"),
        f"CREATE TRIGGER {MOVES_HEAD} AFTER INSERT ON {EVENTS} FOR EACH ROW EXECUTE FUNCTION {MOVES_HEAD}()",
    ]
    for name, table, verb, condition, sentence in rules:
        refusal, row = _refusal(sentence), "OLD" if verb == "DELETE" else "NEW"
        body = f"IF {condition} THEN {refusal} END IF; RETURN {row};" if condition else refusal
        statements += [
            _function(name, body),
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    for name, table, sentence in truncations:
        statements += [
            _function(name, _refusal(sentence)),
            f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ]
    return statements


def _function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _refusal(sentence: str) -> str:
    return f"RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation';"
