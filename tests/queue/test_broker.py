"""The broker looks more often while work comes, and rests when none does."""

import pytest
from django_q.conf import Conf

from drsorch.queue import broker
from drsorch.queue.enqueue import enqueue

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """A clock that only sleeping moves; the list holds how long each sleep was."""
    slept = []
    monkeypatch.setattr(broker, "sleep", slept.append)
    monkeypatch.setattr(broker, "monotonic", lambda: 100.0 + sum(slept))
    return slept


def test_an_idle_broker_rests_as_long_as_configured(clock):
    assert broker.PatientBroker().dequeue() is None
    assert clock == [Conf.POLL]


def test_after_a_task_the_broker_looks_again_soon_and_after_a_second_it_rests(clock):
    enqueue("somewhere.task")
    awake = broker.PatientBroker()
    assert awake.dequeue()
    for _ in range(60):
        assert awake.dequeue() is None
    assert clock[0] == broker.AWAKE_POLL
    assert clock[-1] == Conf.POLL
    assert sum(rest for rest in clock if rest == broker.AWAKE_POLL) == pytest.approx(broker.AWAKE, abs=0.03)


def test_a_taken_task_is_not_taken_again_by_another_broker(clock):
    enqueue("somewhere.task")
    first, second = broker.PatientBroker(), broker.PatientBroker()
    assert first.dequeue()
    assert second.dequeue() is None
