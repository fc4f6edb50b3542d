"""Workers, pollers, sweeps and people at the same time, on a database that lets them: nobody waits in a circle."""

import threading
import time

import pytest
from django.db import close_old_connections, connection
from django.utils import timezone

from drsorch.errors import Conflict
from executions import engine, poll, services, sweep
from executions.models import Execution, Poller
from executions.states import ACTIVE
from tests import factories
from tests.concurrency_fixtures import where_writers_wait
from tests.executions.driving import problems, sentences

pytestmark = [pytest.mark.django_db(transaction=True), where_writers_wait]
AT_MOST_SECONDS = 90


class Crowd:
    """Threads that each repeat one thing until told to stop; what one of them raises is kept."""

    def __init__(self):
        self.stopping, self.errors, self.threads = threading.Event(), [], []

    def add(self, work):
        """Let one more thread repeat `work`."""
        self.threads.append(threading.Thread(target=self.repeat, args=(work,), daemon=True))
        self.threads[-1].start()

    def repeat(self, work):
        try:
            while not self.stopping.is_set():
                work()
                time.sleep(0.02)
        except Exception as error:
            self.errors.append(error)
            raise
        finally:
            connection.close()

    def stop(self):
        """Stop everybody, and say what went wrong."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(timeout=30)
        return self.errors


def tick_all():
    for pk in Execution.objects.filter(status__in=ACTIVE).values_list("pk", flat=True):
        engine.advance(pk)


def poll_all():
    for pk in Poller.objects.values_list("pk", flat=True):
        poll.poll(pk)


def hurry():
    """Make due what waits for time and is in nobody's hands."""
    for model, column in ((Execution, "next_tick_at"), (Poller, "next_poll_at")):
        for pk in model.objects.filter(lease_until=None).exclude(**{column: None}).values_list("pk", flat=True):
            model.objects.filter(pk=pk, lease_until=None).exclude(**{column: None}).update(**{column: timezone.now()})


def interfere(actor):
    """Pause and resume whatever can be."""
    for execution in Execution.objects.filter(status__in=ACTIVE):
        service = services.resume_execution if execution.status == "PAUSED" else services.pause_execution
        try:
            service(execution=execution, actor=actor)
        except Conflict:
            continue


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_everybody_at_once_launches_everything_once(aws, place, ada, olga):
    for region in (factories.REGION, factories.OTHER_REGION):
        groups = [factories.group(ada, place, tier, region=region) for tier in ("db", "app", "web")]
        services.start_execution(plan=factories.plan(ada, *groups[:2], name=f"Two in {region}"), actor=olga)
        services.start_execution(plan=factories.plan(ada, groups[2], name=f"One in {region}"), actor=olga)
    crowd = Crowd()
    for work in (tick_all, tick_all, tick_all, poll_all, poll_all, sweep.sweep, hurry, lambda: interfere(olga)):
        crowd.add(work)

    ends_at = time.monotonic() + AT_MOST_SECONDS
    while Execution.objects.filter(status__in=ACTIVE).exists() and not crowd.errors and time.monotonic() < ends_at:
        aws.advance(10)
        time.sleep(0.1)
    errors = crowd.stop()
    close_old_connections()

    assert errors == []
    assert {each.status for each in Execution.objects.all()} == {"COMPLETED"}, [
        sentences(each)[-5:] for each in Execution.objects.all()
    ]
    assert problems(aws) == []
