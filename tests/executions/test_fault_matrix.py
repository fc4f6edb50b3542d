"""Every fault on every call of a drill: nothing twice, nothing silent, nothing for ever; and the page says the same."""

import pytest
from django.db import transaction

from drsorch.simulator.faults.kinds import KINDS
from drsorch.simulator.worlds.hub import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tests import factories
from tests.executions import fault_matrix, fault_page
from tests.executions.fault_cells import LEFT_OUT, cells

# The database is made; the cells are tried before any test's own transaction.
pytestmark = [pytest.mark.django_db, pytest.mark.matrix]


@pytest.fixture(scope="module")
def tried(simulator_server, django_db_setup, django_db_blocker):
    """Everything that was called, and what came of every cell: tried once for all tests of this module."""
    simulator_server.control.reset("minimal", speed=0)
    factories.forget_sessions()
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setenv("AWS_ENDPOINT_URL", simulator_server.url)
        patch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        found = fault_matrix.measure(fault_matrix.Ground(simulator_server.control, patch.setattr))
        transaction.set_rollback(True)
    factories.forget_sessions()
    return found


def test_no_fault_launches_twice_or_stays_silent_or_lasts_for_ever(tried):
    _, outcomes = tried

    assert [sentence for outcome in outcomes.values() for sentence in outcome.wrong] == []


def test_the_page_says_what_the_faults_do(tried):
    assert fault_page.committed() == fault_page.render(*tried).strip(), (
        "docs/engine.md is not what the faults do now: look at the difference, then run "
        "python -m tests.executions.fault_tables --write"
    )


def test_every_kind_of_fault_is_tried_or_left_out_for_a_reason(tried):
    called, _ = tried

    assert {cell.kind for cell in cells(called)} | LEFT_OUT.keys() == KINDS.keys()


def test_every_call_of_a_drill_is_tried(tried):
    called, outcomes = tried

    assert {(cell.phase, cell.operation) for cell in outcomes} == {
        (phase, operation) for phase, operations in called.items() for operation in operations
    }
