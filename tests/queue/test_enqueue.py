"""enqueue() against the pinned django-q2: same row, same package, its broker's idea of `lock`."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ, Task
from django_q.monitor import save_task
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from drsorch.queue.enqueue import enqueue

pytestmark = pytest.mark.django_db

TASK = "tests.queue.tasks_for_tests.note"


def package(row):
    return SignedPackage.loads(row.payload)


def test_a_row_is_what_async_task_would_have_written():
    async_task(TASK, 7, "x", ack_failure=True)
    enqueue(TASK, 7, "x")
    theirs, ours = OrmQ.objects.order_by("pk")
    assert ours.key == theirs.key
    assert set(package(ours)) == set(package(theirs))
    for key in ("func", "args", "kwargs", "ack_failure"):
        assert package(ours)[key] == package(theirs)[key]
    for key in ("id", "name", "started"):
        assert type(package(ours)[key]) is type(package(theirs)[key])
    assert package(ours)["id"] != package(theirs)["id"]
    assert abs(ours.lock - theirs.lock) < timedelta(seconds=1)


def test_the_settings_need_no_option_that_a_row_does_not_carry():
    async_task(TASK, 7)
    enqueue(TASK, 7)
    theirs, ours = OrmQ.objects.order_by("pk")
    assert set(package(ours)) == set(package(theirs))


def test_the_broker_takes_a_row_once_its_lock_lies_in_the_past_and_not_before(monkeypatch):
    enqueue(TASK, 1, delay=30)
    row = OrmQ.objects.get()
    broker = ORM()
    monkeypatch.setattr(Conf, "POLL", 0)
    monkeypatch.setattr(timezone, "now", lambda: row.lock)
    assert broker.dequeue() is None, "a lock of exactly now is not yet in the past"
    monkeypatch.setattr(timezone, "now", lambda: row.lock + timedelta(microseconds=1))
    assert broker.dequeue() == [(row.pk, row.payload)]


def test_a_taken_row_is_locked_for_the_retry_time_and_then_comes_again(monkeypatch):
    enqueue(TASK, 1)
    broker = ORM()
    monkeypatch.setattr(Conf, "POLL", 0)
    now = timezone.now() + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert broker.dequeue()
    row = OrmQ.objects.get()
    assert row.lock == now + timedelta(seconds=Conf.RETRY)
    assert broker.dequeue() is None
    monkeypatch.setattr(timezone, "now", lambda: row.lock + timedelta(microseconds=1))
    assert broker.dequeue() == [(row.pk, row.payload)]


def test_a_row_is_gone_when_the_transaction_is_rolled_back():
    with pytest.raises(RuntimeError), transaction.atomic():
        enqueue(TASK, 1)
        assert OrmQ.objects.exists()
        raise RuntimeError("rolled back")
    assert not OrmQ.objects.exists()


@pytest.mark.django_db(transaction=True)  # saving closes the connection, which would end the transaction of a test
@pytest.mark.parametrize(("success", "kept"), [(True, 0), (False, 1)])
def test_a_result_is_kept_only_of_a_failure(success, kept):
    enqueue(TASK, 1)
    done = package(OrmQ.objects.get()) | {"success": success, "result": None, "stopped": timezone.now()}
    save_task(done, ORM())
    assert Task.objects.count() == kept


def test_a_name_without_a_module_is_refused():
    with pytest.raises(ValueError, match="'note' is not the dotted name of a task"):
        enqueue("note")


def test_a_negative_delay_is_refused():
    with pytest.raises(ValueError, match="0 or more seconds"):
        enqueue(TASK, delay=-1)
    assert not OrmQ.objects.exists()


def test_the_settings_of_the_cluster_are_those_that_the_engine_relies_on():
    assert (Conf.ORM, Conf.BULK, Conf.MAX_ATTEMPTS, Conf.ACK_FAILURES) == ("default", 1, 1, True)
    assert (Conf.TIMEOUT, Conf.RETRY, Conf.SAVE_LIMIT, Conf.CATCH_UP) == (60, 300, -1, False)
    assert Conf.QUEUE_LIMIT == Conf.WORKERS
