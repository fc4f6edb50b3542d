"""A worker with a frozen process (SIGSTOP) and work to do is replaced, whichever process it is."""

import signal

import pytest

from tests.queue.conftest import PARTS
from tests.queue.processes import send, still_alive, wait_for

BUSY = "busy"


@pytest.fixture(scope="module")
def frozen(start_workers):
    """One worker per part, each with that part frozen and a task queued; and the group that each had before.

    Beside them one that is not frozen, but inside calls longer than the stall limit with all its workers.
    """
    states = [*PARTS, BUSY]
    workers = dict(zip(states, start_workers(len(states), TEST_STALL_SECONDS="4"), strict=True))
    before = {state: worker.group() for state, worker in workers.items()}
    for _ in range(4):
        workers[BUSY].ring("slow", str(workers[BUSY].notes), 6)
    assert wait_for(lambda: len(workers[BUSY].said("began")) == 4)
    for part in PARTS:
        worker = workers[part]
        for pid in worker.roles()[part]:
            send(pid, signal.SIGSTOP)
        worker.ring("note", str(worker.notes), "in the freeze")
    workers[BUSY].ring("note", str(workers[BUSY].notes), "behind the slow ones")
    return {state: (worker, before[state]) for state, worker in workers.items()}


@pytest.mark.parametrize("part", PARTS)
def test_a_group_with_work_is_replaced_when_it_is_frozen_in_its(frozen, part):
    worker, before = frozen[part]
    worker.wait_for_another_group(before)
    assert worker.still_works("after the freeze")


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("worker", "nothing was taken, started or finished for 4 s although work is ready"),
        ("pusher", "nothing was taken, started or finished for 4 s although work is ready"),
        ("monitor", "finished tasks were not recorded for 4 s"),
        ("ticker", "its ticker gave no sign of life for 4 s"),
        ("guard", "its guard gave no sign of life for 4 s"),
    ],
)
def test_the_log_says_what_was_missed_in_a_frozen(frozen, part, reason):
    worker, _ = frozen[part]
    assert wait_for(lambda: f"because {reason}." in worker.log.read_text()), worker.log.read_text()


def test_a_row_that_a_frozen_pusher_did_not_take_is_done_by_the_next_group(frozen):
    worker, _ = frozen["pusher"]
    assert wait_for(lambda: worker.said("in the freeze"))


def test_calls_longer_than_the_stall_limit_are_left_alone(frozen):
    worker, before = frozen[BUSY]
    assert wait_for(lambda: worker.said("behind the slow ones"))
    assert wait_for(lambda: len(worker.said("ended")) == 4)
    assert still_alive(before) == before
