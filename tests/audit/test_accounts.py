"""Events found by an AWS account in which they were done, however many they name, and without others being read."""

import pytest
from django.db import connection, transaction

from drsorch.audit.accounts import KNOWN, in_account
from drsorch.audit.models import BEGINNING, AuditEvent
from drsorch.audit.record import record

pytestmark = pytest.mark.django_db
ACCOUNTS = [f"{400000000000 + number}" for number in range(30)]


@pytest.fixture
def trail(ada):
    """Events in no account, in one, in two, in the ten that an index keeps, and in more than it keeps."""
    with transaction.atomic():
        for named in ([], ACCOUNTS[:1], ACCOUNTS[1:2], ACCOUNTS[:2], ACCOUNTS[:10], ACCOUNTS[:11], ACCOUNTS[5:30]):
            record(ada, "update_user", ada.user, account=",".join(named))


def found(account_id, events=AuditEvent.objects):
    return sorted(in_account(events.all(), account_id).values_list("sequence", flat=True))


def test_an_event_is_found_by_each_account_that_it_names(trail):
    assert found(ACCOUNTS[0]) == [2, 4, 5, 6]
    assert found(ACCOUNTS[1]) == [3, 4, 5, 6]
    assert found(ACCOUNTS[9]) == [5, 6, 7]
    assert found(ACCOUNTS[10]) == [6, 7]
    assert found(ACCOUNTS[29]) == [7]
    assert found("999999999999") == []
    assert found(ACCOUNTS[0], AuditEvent.objects.filter(sequence__gt=4)) == [5, 6]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how many rows there are")
def test_the_events_of_an_account_are_read_by_their_index_page_and_number(trail):
    events = in_account(AuditEvent.objects.all(), "400000000029")
    for asked in (events.order_by("-sequence")[:51], events.order_by().values("pk")[:10001]):
        assert "audit_history_in_an_account" in asked.explain()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how many rows there are")
def test_which_accounts_acted_together_is_searched_for_in_that_index(trail):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {KNOWN}", ["%400000000029%", BEGINNING])
        (step,) = (row[-1] for row in cursor.fetchall() if "audit_auditevent" in row[-1])
    assert step.startswith("SEARCH audit_auditevent USING INDEX audit_history_in_an_account")
