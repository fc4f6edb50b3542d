"""What is long is read in portions, whoever reads it, and no cursor is left open meanwhile."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from drsorch import portions
from drsorch.audit.export import as_csv, as_json
from drsorch.audit.models import AuditEvent
from drsorch.audit.record import record
from drsorch.audit.verify import verify
from executions.models import Execution
from executions.reports import reported
from executions.services import export_executions
from tests.executions import situations

pytestmark = pytest.mark.django_db


@pytest.fixture
def trail(ada, monkeypatch):
    """Five events, to be read two at a time."""
    monkeypatch.setattr(portions, "AT_A_TIME", 2)
    for number in range(5):
        with transaction.atomic():
            record(ada, "create_plan", ada.user, number=number)


def open_cursors():
    """The cursors of this connection in the database. SQLite has none."""
    if connection.vendor == "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_cursors WHERE name LIKE '\\_django%'")
        return cursor.fetchall()


def portions_of(asked, table):
    return [query["sql"] for query in asked if f'FROM "{table}"' in query["sql"] and "LIMIT 2" in query["sql"]]


def test_the_chain_is_verified_in_portions(trail):
    with CaptureQueriesContext(connection) as asked:
        report = verify()

    assert (report.problems, report.events) == ([], 5)
    assert len(portions_of(asked, "audit_auditevent")) == 3


@pytest.mark.parametrize("exported", [as_csv, as_json])
def test_the_trail_is_exported_in_portions(trail, exported):
    with CaptureQueriesContext(connection) as asked:
        lines = exported(AuditEvent.objects.order_by("-at"))
        found = [next(lines), next(lines)]
        assert open_cursors() == []
        found += lines

    assert len(found) == 5 + 1  # the head line of one, the end of the other
    assert len(portions_of(asked, "audit_auditevent")) == 3


def test_a_report_of_executions_is_exported_in_portions_the_oldest_first(trail, ada, olga):
    """Two began in the same moment."""
    for days in (1, 3, 3, 2, 5):
        situations.execution(olga, status="COMPLETED", created_at=situations.ago(days=days))
    first, second = Execution.objects.order_by("created_at")[1:3]
    Execution.objects.filter(pk=second.pk).update(created_at=first.created_at)

    with CaptureQueriesContext(connection) as asked:
        rows = export_executions(rows=reported(), actor=ada, filters={})
        found = [next(rows)]
        assert open_cursors() == []
        found += rows

    assert found == sorted(Execution.objects.all(), key=lambda row: (row.created_at, row.pk))
    assert len(portions_of(asked, "executions_execution")) == 3


def test_rows_that_are_a_whole_number_of_portions_are_read_once(trail, ada):
    with transaction.atomic():
        record(ada, "create_plan", ada.user)

    rows = portions.in_portions(AuditEvent.objects.all(), ("sequence",), lambda row: (row.sequence,))

    assert [row.sequence for row in rows] == [1, 2, 3, 4, 5, 6]
