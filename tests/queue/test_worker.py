"""`manage.py worker` with real processes: it does its tasks, and goes on when any of its processes dies."""

import signal
import time
from pathlib import Path

import pytest

from tests.queue.conftest import PARTS
from tests.queue.processes import open_files, send, wait_for


def test_no_worker_begins_with_a_connection_of_the_process_that_started_it(worker):
    for pid in worker.roles()["worker"]:
        assert not [file for file in open_files(pid) if str(worker.database) in file]
    assert any(str(worker.database) in file for pid in worker.roles()["pusher"] for file in open_files(pid))


def test_the_supervisor_does_without_the_applications_of_django(worker):
    [guard] = worker.roles()["guard"]
    assert 2 * own_memory(worker.pid) < own_memory(guard)


def own_memory(pid):
    """Return the anonymous memory of a process, in KiB, whether shared with forked ones or not."""
    [line] = [line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if "Anonymous:" in line]
    return int(line.split()[1])


def test_a_task_is_done_and_its_row_deleted(worker):
    assert worker.still_works("once")
    assert wait_for(lambda: not worker.queued())
    assert len(worker.said("once")) == 1


def test_a_task_is_not_started_before_its_delay(worker):
    asked_at = time.time()
    worker.ring("note", str(worker.notes), "late", delay=1.0)
    assert wait_for(lambda: worker.said("late"))
    assert 1.0 <= worker.said("late")[0][0] - asked_at < 3


def test_a_task_may_ask_for_another_one_with_a_delay(worker):
    worker.ring("relay", str(worker.notes), 0.7)
    assert wait_for(lambda: worker.said("relayed"))
    (asked_at, _), (relayed_at, _) = worker.said("asked")[0], worker.said("relayed")[0]
    assert 0.7 <= relayed_at - asked_at < 3


def test_the_ticker_calls_a_job_each_second_although_the_one_before_it_fails(worker):
    assert wait_for(lambda: len(worker.ticks.read_text().splitlines()) >= 3)
    ticks = [float(line.split()[0]) for line in worker.ticks.read_text().splitlines()]
    assert 0.8 < ticks[2] - ticks[1] < 2
    complaints = worker.log.read_text().count("RuntimeError: this job always fails). It tries again")
    assert complaints == 1, "one complaint, not one per second"


@pytest.mark.parametrize("part", PARTS)
def test_a_group_is_replaced_when_one_is_killed(worker, part):
    before, pid = worker.group(), worker.roles()[part][0]
    send(pid, signal.SIGKILL)
    worker.wait_for_another_group(before)
    name = "main process" if part == "guard" else f"{part} (pid {pid})"
    assert f"because its {name} was killed by SIGKILL." in worker.log.read_text()
    assert worker.still_works(f"after the kill of {part}")


def test_a_task_that_was_waiting_is_done_after_a_kill(worker):
    before = worker.group()
    worker.ring("note", str(worker.notes), "waited", delay=0.6)
    send(worker.roles()["worker"][0], signal.SIGKILL)
    worker.wait_for_another_group(before)
    assert wait_for(lambda: worker.said("waited"))


def test_a_task_that_times_out_costs_its_own_worker_only(worker):
    before = worker.roles()
    row = worker.ring("slow", str(worker.notes), 60)
    worker.ring("note", str(worker.notes), "neighbour")
    after = wait_for(lambda: (now := worker.roles()) != before and len(now.get("worker", [])) == 4 and now)
    assert len(set(before["worker"]) & set(after["worker"])) == 3
    assert after | {"worker": 0} == before | {"worker": 0}
    assert "A task ran into its time-out of 3 s" in worker.log.read_text()
    assert wait_for(lambda: row not in worker.queued()), "a timed-out task is not run again"
    assert worker.still_works("after the time-out")
