"""Starts as the tests make them: recoveries, refusals that leave nothing behind, and two at the same moment."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection

from drsorch.audit.models import AuditEvent
from drsorch.errors import Conflict
from executions import services
from executions.models import Event, Execution, ServerRun, WaveRun
from executions.services.start import create_execution
from plans.models import RecoveryPlan
from protection.models import ServerHold


def recover(plan, actor, **more):
    """Start a recovery, the name of the plan typed as it is."""
    return services.start_execution(plan=plan, actor=actor, mode="RECOVERY", confirm_plan_name=plan.name, **more)


def rows():
    """Everything that a start could write, the running drill included."""
    tables = (Execution, WaveRun, ServerRun, Event, AuditEvent)
    kept = Execution.objects.order_by("pk").values_list("pk", "status", "cancel_requested_at", "preempted_by")
    holds = ServerHold.objects.order_by("pk").values_list("server", "holder", "label")
    plans = RecoveryPlan.objects.order_by("pk").values_list("active_execution", "last_execution", "last_status")
    return [model.objects.count() for model in tables], list(kept), list(holds), list(plans)


@contextmanager
def refused(error, match):
    """What stands inside is refused with these words and exactly this error, and leaves nothing behind.

    Yields what pytest.raises yields: its `value` is the refusal, once the block has ended.
    """
    before = rows()
    with pytest.raises(error, match=match) as caught:
        yield caught
    assert type(caught.value) is error
    assert rows() == before


def codes(refusal):
    """The codes of the findings that a refusal lists, in their order."""
    return [finding["code"] for finding in refusal.value.details["findings"]]


def at_the_same_moment(looks, actors, **options):
    """Create an execution of each look, in a thread each: what became of them, an id or the code of the conflict."""
    barrier, ends = threading.Barrier(len(looks)), []

    def start(look, actor):
        try:
            barrier.wait(timeout=10)
            ends.append(create_execution(look=look, actor=actor, **options).pk)
        except Conflict as error:
            ends.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=start, args=pair) for pair in zip(looks, actors, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return ends
