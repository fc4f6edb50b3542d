"""The ticker: what it says about jobs that fail, what it tells the supervisor."""

import logging
import os

import pytest
from django.db import OperationalError
from django_q.models import OrmQ

from drsorch.queue import ticker
from drsorch.queue.enqueue import enqueue
from drsorch.queue.models import WorkerHeartbeat
from drsorch.queue.pulse import Pulse
from drsorch.queue.ticker import Ticker, load_jobs

pytestmark = pytest.mark.django_db

TASK = "tests.queue.tasks_for_tests.note"


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(ticker, "time", clock)
    return clock


@pytest.fixture
def pipe():
    listening, speaking = os.pipe()
    os.set_blocking(listening, False)
    yield listening, Pulse(speaking)
    os.close(listening)
    os.close(speaking)


def heard(pipe):
    return os.read(pipe[0], 10_000).decode().splitlines()


class Job:
    """A job that fails as long as it has an error."""

    def __init__(self, error=None):
        self.error, self.calls = error, 0

    def __call__(self):
        self.calls += 1
        if self.error:
            raise self.error


def test_a_job_that_fails_is_reported_once_then_each_minute_and_when_it_recovers(clock, pipe, caplog):
    caplog.set_level(logging.INFO, "drsorch.queue.ticker")
    job = Job(OperationalError("database is locked"))
    clockwork = Ticker({"a.sweep": job}, pipe[1], leader=1)
    for _ in range(90):
        clockwork.attempt("a.sweep", job)
        clock.now += 1
    job.error = None
    clockwork.attempt("a.sweep", job)
    clockwork.attempt("a.sweep", job)
    assert caplog.messages == [
        "The ticker could not run a.sweep (OperationalError: database is locked). It tries again in a second.",
        "The ticker still cannot run a.sweep after 61 attempts (OperationalError: database is locked).",
        "The ticker can run a.sweep again; 90 attempts had failed.",
    ]
    assert job.calls == 92


def test_another_error_of_the_same_job_is_reported_at_once(clock, pipe, caplog):
    job = Job(OperationalError("database is locked"))
    clockwork = Ticker({"a.sweep": job}, pipe[1], leader=1)
    clockwork.attempt("a.sweep", job)
    job.error = KeyError("wave")
    clockwork.attempt("a.sweep", job)
    assert "KeyError: 'wave'" in caplog.messages[1]
    assert [bool(record.exc_info) for record in caplog.records] == [False, True], "a bug comes with its traceback"


@pytest.mark.django_db(transaction=True)  # a tick closes old connections, which would end the transaction of a test
def test_a_job_that_fails_keeps_no_other_from_running(pipe, caplog):
    good = Job()
    Ticker({"bad": Job(ValueError("x")), "good": good}, pipe[1], leader=77).tick()
    assert good.calls == 1
    assert WorkerHeartbeat.objects.get().pid == 77
    assert heard(pipe) == ["ticker", "ticker", "ticker", "ticker", "ready 0"]


def test_the_heartbeat_is_written_every_three_seconds(clock, pipe, django_assert_num_queries):
    clockwork = Ticker({}, pipe[1], leader=1)
    clockwork.beat()
    clock.now += 2.9
    with django_assert_num_queries(0):
        clockwork.beat()
    clock.now += 0.2
    with django_assert_num_queries(1):
        clockwork.beat()


def test_only_due_rows_of_this_queue_count_as_ready(pipe):
    clockwork = Ticker({}, pipe[1], leader=1)
    enqueue(TASK, delay=60)
    enqueue(TASK)
    OrmQ.objects.order_by("pk").filter(pk=OrmQ.objects.latest("pk").pk).update(key="another queue")
    clockwork.report_ready()
    assert heard(pipe) == ["ready 0"]
    enqueue(TASK)
    clockwork.report_ready()
    assert heard(pipe) == ["ready 1"]


def test_a_job_that_does_not_exist_is_named():
    with pytest.raises(ImportError, match="sweep_up"):
        load_jobs(["tests.queue.tasks_for_tests.sweep_up"])
