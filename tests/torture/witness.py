"""What the database itself saw: triggers write down every change of a status and how late every turn began.

They know nothing of the engine, so that what it says of itself can be checked against them.
"""

from collections import defaultdict

from django.db import connection

TABLES = """
CREATE TABLE witnessed_statuses (id {serial}, execution varchar(40), status varchar(16));
CREATE TABLE witnessed_turns (id {serial}, due {time}, began {time})
"""
SQLITE = """
CREATE TRIGGER witness_status AFTER UPDATE OF status ON executions_execution WHEN OLD.status <> NEW.status
BEGIN INSERT INTO witnessed_statuses (execution, status) VALUES (NEW.id, NEW.status); END;;
CREATE TRIGGER witness_turn AFTER UPDATE OF fence ON executions_execution WHEN NEW.fence > OLD.fence
BEGIN INSERT INTO witnessed_turns (due, began) VALUES (OLD.next_tick_at, strftime('%Y-%m-%d %H:%M:%f', 'now')); END
"""
POSTGRESQL = """
CREATE FUNCTION witness_status() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
INSERT INTO witnessed_statuses (execution, status) VALUES (NEW.id::text, NEW.status); RETURN NULL; END $$;;
CREATE TRIGGER witness_status AFTER UPDATE OF status ON executions_execution FOR EACH ROW
WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION witness_status();;
CREATE FUNCTION witness_turn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
INSERT INTO witnessed_turns (due, began) VALUES (OLD.next_tick_at, clock_timestamp()); RETURN NULL; END $$;;
CREATE TRIGGER witness_turn AFTER UPDATE OF fence ON executions_execution FOR EACH ROW
WHEN (NEW.fence > OLD.fence) EXECUTE FUNCTION witness_turn()
"""
KINDS = {
    "sqlite": ({"serial": "integer PRIMARY KEY AUTOINCREMENT", "time": "text"}, SQLITE),
    "postgresql": ({"serial": "bigserial PRIMARY KEY", "time": "timestamptz"}, POSTGRESQL),
}
LATE = {
    "sqlite": "SELECT (julianday(began) - julianday(due)) * 86400 FROM witnessed_turns WHERE due IS NOT NULL",
    "postgresql": "SELECT extract(epoch FROM began - due)::float FROM witnessed_turns WHERE due IS NOT NULL",
}


def install() -> None:
    """Begin to watch. The database is migrated."""
    kinds, triggers = KINDS[connection.vendor]
    with connection.cursor() as cursor:
        for statement in (*TABLES.format(**kinds).split(";"), *triggers.split(";;")):
            cursor.execute(statement)


def statuses() -> dict[str, list[str]]:
    """Return, by execution (as hex), every status that it was given, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute("SELECT execution, status FROM witnessed_statuses ORDER BY id")
        for execution, status in cursor.fetchall():
            found[execution.replace("-", "")].append(status)
    return found


def lateness() -> list[float]:
    """Return, for every turn that began, how many seconds after it was due."""
    with connection.cursor() as cursor:
        cursor.execute(LATE[connection.vendor])
        return [max(0.0, float(seconds)) for (seconds,) in cursor.fetchall()]
