"""The database agrees with the tables of states, and on one active execution of a plan."""

import pytest
from django.utils import timezone

from executions.models import Execution, WaveRun
from executions.states import ACTIVE, TERMINAL, TERMINAL_WAVE, ExecutionStatus, WaveStatus
from plans.models import RecoveryPlan

pytestmark = pytest.mark.django_db


def execution_of(status, ended_at):
    return Execution(
        plan_name="Any", plan_version=1, mode="DRILL", initiator="olga", source="UI", status=status, ended_at=ended_at
    )


@pytest.mark.parametrize("status", ExecutionStatus)
def test_the_database_agrees_which_statuses_are_ends(db, status):
    right, wrong = (timezone.now(), None) if status in TERMINAL else (None, timezone.now())

    execution_of(status, right).validate_constraints(exclude=["plan"])
    with pytest.raises(Exception, match="ended_at_set_if_and_only_if_terminal"):
        execution_of(status, wrong).validate_constraints(exclude=["plan"])


@pytest.mark.parametrize("status", WaveStatus)
def test_the_database_agrees_which_wave_statuses_are_ends(db, status):
    execution = execution_of("PENDING", None)
    execution.save()
    right, wrong = (timezone.now(), None) if status in TERMINAL_WAVE else (None, timezone.now())

    def wave(ended_at):
        return WaveRun(execution=execution, number=1, name="A", timeout_minutes=60, status=status, ended_at=ended_at)

    wave(right).validate_constraints()
    with pytest.raises(Exception, match="wave_ended_at_set_if_and_only_if_terminal"):
        wave(wrong).validate_constraints()


def test_a_plan_has_one_active_execution(drill):
    plan = RecoveryPlan.objects.get(pk=drill.plan_id)
    for status in ExecutionStatus:
        twin = execution_of(status, timezone.now() if status in TERMINAL else None)
        twin.plan = plan
        if status in ACTIVE:
            with pytest.raises(Exception, match="This plan is already running"):
                twin.validate_constraints()
        else:
            twin.validate_constraints()
