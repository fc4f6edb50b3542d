"""The end of a worker: asked to stop, killed, or not able to start."""

import argparse
import os
import signal
import subprocess
import sys
import time

import pytest

from drsorch.management.commands.worker import worker_count
from tests.queue.conftest import ROOT, Worker, environment
from tests.queue.processes import below, send, still_alive, wait_for


@pytest.fixture(scope="module")
def stopped(start_workers):
    """Five workers sent a signal at the same moment, by what they were doing: (worker, processes, seconds it took)."""
    sent = {
        "idle": signal.SIGTERM,
        "idle at a terminal": signal.SIGINT,
        "in a short call": signal.SIGTERM,
        "in a long call": signal.SIGTERM,
        "killed": signal.SIGKILL,
    }
    workers = dict(zip(sent, start_workers(len(sent)), strict=True))
    workers["in a short call"].ring("slow", str(workers["in a short call"].notes), 1.5)
    workers["in a long call"].ring("slow", str(workers["in a long call"].notes), 50)
    for state in ("in a short call", "in a long call"):
        assert wait_for(lambda worker=workers[state]: worker.said("began"))
    families = {state: below(worker.pid) for state, worker in workers.items()}
    began, took = time.monotonic(), {}
    for state, number in sent.items():
        send(workers[state].pid, number)
    while len(took) < len(sent) and time.monotonic() - began < 15:
        for state, worker in workers.items():
            if state not in took and worker.process.poll() is not None:
                took[state] = time.monotonic() - began
        time.sleep(0.02)
    return {state: (worker, families[state], took.get(state)) for state, worker in workers.items()}


@pytest.mark.parametrize("state", ["idle", "idle at a terminal", "in a short call", "in a long call"])
def test_a_worker_stops_within_ten_seconds_with_exit_code_0_when_it_is(stopped, state):
    worker, family, took = stopped[state]
    assert worker.process.returncode == 0
    assert took < 10
    assert not still_alive(family)


@pytest.mark.parametrize(("state", "name"), [("idle", "SIGTERM"), ("idle at a terminal", "SIGINT")])
def test_an_idle_worker_stops_by_itself_and_says_why(stopped, state, name):
    worker, _, _ = stopped[state]
    assert f"The worker stops because of {name}." in worker.log.read_text()
    assert "were cut off" not in worker.log.read_text()


def test_a_running_task_may_finish_before_the_worker_stops(stopped):
    worker, _, _ = stopped["in a short call"]
    assert worker.said("ended")
    assert not worker.queued()


def test_a_task_that_takes_too_long_is_cut_off_and_stays_queued(stopped):
    worker, _, took = stopped["in a long call"]
    assert took > 5
    assert not worker.said("ended")
    assert len(worker.queued()) == 1
    assert "running tasks were cut off" in worker.log.read_text()


def test_nothing_is_left_when_the_supervisor_is_killed(stopped):
    worker, family, _ = stopped["killed"]
    assert worker.process.returncode == -signal.SIGKILL
    assert len(family) == 9
    assert wait_for(lambda: not still_alive(family), 5), still_alive(family)


def test_a_database_without_tables_is_a_sentence_and_no_hot_loop(tmp_path):
    worker = Worker(tmp_path, tmp_path / "empty.sqlite3")
    worker.start()
    try:
        assert wait_for(lambda: worker.log.read_text().count("is replaced") >= 2)
        assert "did you run `manage.py migrate`?" in worker.log.read_text()
        assert "is replaced now" in worker.log.read_text()
        assert "is replaced in 0.2 s" in worker.log.read_text()
        send(worker.pid, signal.SIGTERM)
        assert worker.process.wait(timeout=5) == 0
    finally:
        worker.end()


def test_the_command_refuses_a_number_of_workers_that_makes_no_sense():
    done = subprocess.run(
        [sys.executable, "manage.py", "worker"],
        cwd=ROOT,
        env=environment(os.devnull) | {"DRSORCH_WORKERS": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "'0' is not a number of workers. Give a whole number from 1 to 64." in done.stderr


@pytest.mark.parametrize("text", ["0", "65", "many", "-1", "4.5", ""])
def test_no_number_of_workers_is(text):
    with pytest.raises(argparse.ArgumentTypeError, match="from 1 to 64"):
        worker_count(text)


def test_a_number_of_workers_is_a_whole_number_up_to_64():
    assert [worker_count(text) for text in ("1", "64")] == [1, 64]
