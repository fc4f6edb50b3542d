"""A change of many objects appends its evidence at its end: until then nobody waits for the head of the chain."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from drsorch.access.models import User
from drsorch.access.roles import Permission, Right
from drsorch.audit.models import AuditEvent
from drsorch.audit.record import at_the_end, record
from drsorch.audit.verify import verify
from executions.configuration import export_configuration, import_configuration
from executions.services import delete_executions
from protection.events import receive_event
from protection.services import register_account
from tests import factories
from tests.executions import situations
from tests.protection.test_events import event

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts(ada):
    """Two accounts. Nothing asks AWS."""
    for number in (factories.HUB, factories.TARGET):
        register_account(actor=ada, account_id=number, name=number, regions=[factories.REGION])


@pytest.fixture
def document(ada, accounts):
    """The configuration with two accounts and a setting that are to be changed."""
    found = export_configuration(actor=ada)
    for account in found["accounts"]:
        account["name"] = f"New {account['name']}"
    found["settings"]["drillDays"] += 1
    return found


@pytest.fixture
def changes(ada, olga, settings, document):
    """The changes of many objects, by name."""
    settings.EVENTS_ALLOWED_CIDRS = ["10.0.0.0/8"]
    for _ in range(2):
        ended = situations.execution(olga, status="COMPLETED")
        situations.wave(ended, "COMPLETED", {"launch_status": "TERMINATED"})
    program = replace(ada, address="10.1.2.3", right=Right(frozenset(Permission), None))
    return {
        "import": lambda: import_configuration(actor=ada, document=document, dry_run=False),
        "delete": lambda: delete_executions(actor=ada),
        "event": lambda: receive_event(actor=program, event=event()),
    }


def appended():
    """The actions of the events there are, in the order of their numbers."""
    return list(AuditEvent.objects.order_by("sequence").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("import", ["update_settings", "update_account", "update_account", "import_configuration"]),
        ("delete", ["delete_execution"] * 2),
        ("event", ["request_sync"] * 3 + ["receive_event"]),
    ],
)
def test_the_head_is_locked_when_nothing_is_left_to_be_changed(changes, name, told):
    before = len(appended())

    with CaptureQueriesContext(connection) as asked:
        changes[name]()

    statements = [query["sql"] for query in asked]
    locked = next(number for number, statement in enumerate(statements) if "FROM audit_audithead" in statement)
    after = [sql for sql in statements[locked + 1 :] if not sql.startswith(("RELEASE", "COMMIT"))]
    assert [sql for sql in after if not sql.startswith('INSERT INTO "audit_auditevent"')] == []
    assert appended()[before:] == told
    assert verify().is_good


def test_a_dry_run_of_an_import_does_not_touch_the_chain(ada, document):
    before = appended()

    with CaptureQueriesContext(connection) as asked:
        assert len(import_configuration(actor=ada, document=document).changes) == 3

    assert not [query for query in asked if "audit_audit" in query["sql"]]
    assert appended() == before


def test_what_was_rolled_back_in_part_is_no_evidence_in_the_end(ada):
    with transaction.atomic(), at_the_end():
        record(ada, "first", ada.user)
        with pytest.raises(RuntimeError), transaction.atomic():
            record(ada, "undone", ada.user)
            raise RuntimeError
        with transaction.atomic(), at_the_end():
            record(ada, "second", ada.user)
        assert appended() == []

    assert appended() == ["first", "second"]
    assert verify().is_good


def test_what_failed_as_a_whole_leaves_no_evidence_for_the_next_one(ada):
    with pytest.raises(RuntimeError), transaction.atomic(), at_the_end():
        record(ada, "undone", ada.user)
        raise RuntimeError
    with transaction.atomic():
        record(ada, "next", ada.user)

    assert appended() == ["next"]


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_there_is_no_end(ada):
    with pytest.raises(transaction.TransactionManagementError, match="at the end of their transaction"), at_the_end():
        pass


def in_the_middle(writers):
    """Where writers meet while each has its transaction open. On SQLite there is one at a time: it waits for nobody."""
    return Barrier(writers if connection.features.has_select_for_update else 1, timeout=10)


def after_all(ends):
    """The problems of the chain and the actions in it, as the writer saw them who ended last."""
    return max(ends, key=lambda end: len(end[1]))


def test_who_gathers_evidence_lets_the_owner_of_the_next_row_append(at_once, ada, olga):
    meet = in_the_middle(2)

    def gather():
        with transaction.atomic(), at_the_end():
            record(ada, "gathered", ada.user)
            meet.wait()
            User.objects.select_for_update().get(pk=olga.user.pk)
            record(ada, "gathered", olga.user)
        return verify().problems, appended()

    def write():
        with transaction.atomic():
            User.objects.select_for_update().get(pk=olga.user.pk)
            meet.wait()
            record(olga, "alone", olga.user)
        return verify().problems, appended()

    problems, told = after_all(at_once(gather, write))

    assert problems == []
    assert told in (["alone", "gathered", "gathered"], ["gathered", "gathered", "alone"])


def test_those_who_gather_at_once_append_each_its_own_in_one_piece(at_once, ada):
    names, rounds, each = ("first", "second", "third"), 3, 3
    meet = in_the_middle(len(names))

    def gather(name):
        for _ in range(rounds):
            with transaction.atomic(), at_the_end():
                for _ in range(each):
                    record(ada, name, ada.user)
                    meet.wait()
                with suppress(RuntimeError), transaction.atomic():
                    record(ada, "undone", ada.user)
                    raise RuntimeError
        return verify().problems, appended()

    problems, told = after_all(at_once(*(partial(gather, name) for name in names)))

    assert problems == []
    assert sorted(told[::each]) == sorted(names * rounds)
    assert told == [name for name in told[::each] for _ in range(each)]
