"""People who answer while the engine reads: what it has decided by then is decided again."""

import pytest
from django.db import connection
from django.utils import timezone

from executions import engine, services
from executions.models import Execution
from tests.executions.driving import tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_between():
    """Do something once, just before the engine reads a table for the first time."""

    def engage(execution, table, what):
        done = []

        def watch(execute, sql, params, many, context):
            if not done and sql.startswith("SELECT") and f'FROM "{table}"' in sql:
                done.append(sql)
                what()
            return execute(sql, params, many, context)

        Execution.objects.filter(pk=execution.pk).update(next_tick_at=timezone.now(), lease_until=None)
        with connection.execute_wrapper(watch):
            engine.advance(execution.pk)
        execution.refresh_from_db()
        assert done

    return engage


def kinds(execution):
    return [gate.kind for wave in execution.waves.all() for gate in wave.gates.all()]


def started(execution):
    return [wave.started_at is not None for wave in execution.waves.all()] == [True]


@pytest.fixture
def paused(drill, olga):
    """A drill that was asked to pause before its wave, and does."""
    services.pause_execution(execution=drill, actor=olga)
    tick(drill)
    assert drill.status == "PAUSED"
    return drill


def test_a_pause_that_is_resumed_between_two_reads_is_not_asked_about_again(paused, olga, in_between):
    in_between(paused, "executions_gate", lambda: services.resume_execution(execution=paused, actor=olga))

    assert kinds(paused) == ["PAUSE_REQUESTED"]
    assert started(paused)


def test_an_execution_does_not_pause_for_a_question_that_was_answered_between_two_reads(paused, olga, in_between):
    Execution.objects.filter(pk=paused.pk).update(status="INITIATED")  # as while another wave is under way

    in_between(paused, "executions_waverun", lambda: services.resume_execution(execution=paused, actor=olga))

    assert "PAUSED" not in paused.status
    assert started(paused)
