"""The database itself refuses to change evidence, and moves the head of the chain on: triggers that a migration makes.

Without them nothing can be appended: the head stands still, and the next event would have the number of the last.
SQLite drops them when Django makes a table anew, so a migration that alters one of both tables installs them again.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

EVENTS, HEADS = "audit_auditevent", "audit_audithead"
CHANGED, DELETED = "Audit events cannot be changed.", "Audit events cannot be deleted."
NOT_NEXT = "An audit event must follow the last one."
HEAD_MOVED, HEAD_DELETED = "The head of the audit chain moves on by one event.", "The audit chain needs its head."

# What happens after an event was added.
MOVES_HEAD = "audit_event_moves_head"
MOVE = f"UPDATE {HEADS} SET sequence = NEW.sequence, hmac = NEW.hmac WHERE id = 1;"  # noqa: S608 (constants)
# What is refused before: name, table, statement, condition, and what is said. "INSERT OR REPLACE" of SQLite deletes
# without asking the triggers of DELETE, hence the second condition on INSERT there.
IS_NOT_NEXT = f"NEW.sequence IS DISTINCT FROM (SELECT sequence + 1 FROM {HEADS} WHERE id = 1)"  # noqa: S608
REPLACES = f"EXISTS (SELECT 1 FROM {EVENTS} WHERE id = NEW.id)"  # noqa: S608
IS_JUMP = "NEW.sequence IS DISTINCT FROM OLD.sequence + 1 OR NEW.id IS DISTINCT FROM OLD.id"
TRIGGERS = (
    ("audit_event_unchanged", EVENTS, "UPDATE", "", CHANGED),
    ("audit_event_undeleted", EVENTS, "DELETE", "", DELETED),
    ("audit_event_next", EVENTS, "INSERT", IS_NOT_NEXT, NOT_NEXT),
    ("audit_head_moves_on", HEADS, "UPDATE", IS_JUMP, HEAD_MOVED),
    ("audit_head_undeleted", HEADS, "DELETE", "", HEAD_DELETED),
)
TRUNCATIONS = (
    ("audit_event_untruncated", EVENTS, DELETED),
    ("audit_head_untruncated", HEADS, HEAD_DELETED),
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers; those that exist are made anew."""
    remove(connection)
    statements = _for_sqlite() if connection.vendor == "sqlite" else _for_postgresql()
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


def _for_sqlite() -> list[str]:
    statements = [f"CREATE TRIGGER {MOVES_HEAD} AFTER INSERT ON {EVENTS} FOR EACH ROW BEGIN {MOVE} END"]
    for name, table, verb, condition, sentence in TRIGGERS:
        # IS NOT is SQLite's IS DISTINCT FROM, which its older versions do not know.
        wrong = condition.replace("IS DISTINCT FROM", "IS NOT") + (f" OR {REPLACES}" if verb == "INSERT" else "")
        when = f"WHEN {wrong} " if wrong else ""
        statements.append(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {when}"
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        )
    return statements


def _for_postgresql() -> list[str]:
    # A condition with a subquery cannot stand in WHEN there: all of them stand in the functions.
    statements = [
        _function(MOVES_HEAD, f"{MOVE} RETURN NULL;"),
        f"CREATE TRIGGER {MOVES_HEAD} AFTER INSERT ON {EVENTS} FOR EACH ROW EXECUTE FUNCTION {MOVES_HEAD}()",
    ]
    for name, table, verb, condition, sentence in TRIGGERS:
        refusal = _refusal(sentence)
        body = f"IF {condition} THEN {refusal} END IF; RETURN NEW;" if condition else refusal
        statements += [
            _function(name, body),
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    for name, table, sentence in TRUNCATIONS:
        statements += [
            _function(name, _refusal(sentence)),
            f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ]
    return statements


def _function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def _refusal(sentence: str) -> str:
    return f"RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation';"
