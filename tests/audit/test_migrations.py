"""Evidence from before there was a chain takes its place in it."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from drsorch.audit import triggers
from drsorch.audit.models import AuditEvent, AuditHead
from drsorch.audit.verify import verify
from tests import factories
from tests.audit.past import LONG_AGO, append, close

REPAIRS = ["0014_beginnings_of_accounts", "0011_index_of_accounts"]  # the second makes the table anew
BEFORE = [("audit", "0001_initial")]


def migrate(target):
    """Migrate to a state and return its models."""
    executor = MigrationExecutor(connection)
    executor.migrate(target)
    return MigrationExecutor(connection).loader.project_state(target).apps


def migrate_to_now():
    """Migrate as far as there are migrations."""
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes("audit"))


@pytest.mark.django_db(transaction=True)
def test_events_that_exist_are_chained_in_the_order_in_which_they_were_written():
    old = migrate(BEFORE).get_model("audit", "AuditEvent").objects
    try:
        for number in range(1203):
            old.create(
                actor="ada" if number else "engine",
                user_id=7 if number else None,
                source="UI",
                action="create_plan",
                object_kind="recoveryplan",
                object_id=str(number),
                object_name=f"Plan {number}",
                detail={"share": 1e2, "number": number},
                at=timezone.now(),
            )
        old.filter(object_id__in=["3", "900"]).delete()
    finally:
        migrate_to_now()

    report = verify()
    assert (report.problems, report.events) == ([], 1201)
    events = list(AuditEvent.objects.order_by("sequence"))
    assert [event.pk for event in events] == sorted(event.pk for event in events)
    assert [event.actor_kind for event in events[:2]] == ["SYSTEM", "PERSON"]
    assert AuditHead.objects.get().hmac == events[-1].hmac
    assert triggers.missing(connection) == []


@pytest.mark.django_db(transaction=True)
def test_what_has_left_is_not_forgotten_by_going_back(segment_folder):
    append(factories.person("ada"), 2, LONG_AGO)
    close()

    with pytest.raises(RuntimeError, match="the segments cannot be given up"):
        migrate(BEFORE)

    migrate_to_now()
    assert verify().is_good


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", REPAIRS)
def test_lost_triggers_are_repaired_by_going_back_and_forth(segment_folder, step):
    append(factories.person("ada"), 2, LONG_AGO)
    close()
    triggers.remove(connection)
    assert not verify().is_good

    migrate([("audit", step)])
    migrate_to_now()

    assert verify().is_good
