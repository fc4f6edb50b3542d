"""The small parts of the worker, each for itself: broker, back-off, pulse, lifeline, start-up lock."""

import logging
import os
import shutil
import signal
import subprocess
import sys

import pytest
from django.db import DatabaseError, connections
from django_q.brokers.orm import ORM
from django_q.conf import Conf

from drsorch.queue import broker, group, lifeline
from drsorch.queue.broker import PatientBroker
from drsorch.queue.pulse import Pulse
from drsorch.queue.supervisor import Backoff
from tests.queue.conftest import ROOT, environment
from tests.queue.processes import look, wait_for


@pytest.fixture
def broken_database(monkeypatch):
    def refuse(*_):
        raise DatabaseError("database is locked")

    monkeypatch.setattr(ORM, "get_connection", staticmethod(refuse))
    monkeypatch.setattr(broker, "sleep", lambda _: None)
    monkeypatch.setattr(connections[Conf.ORM], "close", lambda: None)


def patient_broker():
    made = PatientBroker.__new__(PatientBroker)
    made.list_key = "drsorch"
    return made


def test_the_broker_outlasts_a_database_that_cannot_be_read(broken_database, caplog):
    assert patient_broker().dequeue() is None
    assert caplog.messages == ["The queue cannot be read (database is locked). The worker tries again in 1 s."]


def test_the_broker_outlasts_a_task_that_cannot_be_deleted(broken_database, caplog):
    patient_broker().acknowledge(5)
    assert caplog.messages == ["Task 5 is done but still queued (database is locked). It will run again."]
    assert caplog.records[0].levelno == logging.ERROR


def test_a_crash_loop_is_slowed_down_to_the_longest_pause():
    backoff = Backoff(longest=30)
    assert [backoff.pause_after(None) for _ in range(9)] == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]
    assert [backoff.pause_after(9.9) for _ in range(2)] == [30, 30]


def test_a_group_that_ran_well_is_replaced_at_once():
    backoff = Backoff(longest=30)
    for _ in range(5):
        backoff.pause_after(None)
    assert backoff.pause_after(10) == 0
    assert backoff.pause_after(1) == 0.5


def test_a_pulse_never_blocks_although_nobody_listens():
    listening, speaking = os.pipe()
    pulse = Pulse(speaking)
    assert not os.get_blocking(speaking)  # or the next lines would wait for ever
    for _ in range(20_000):
        pulse.tell("guard", 0, 0, 0)
    heard = os.read(listening, 1_000_000).splitlines()
    assert set(heard) == {b"guard 0 0 0"}
    assert len(heard) < 20_000  # the pipe was full, and what did not fit is lost

    os.close(listening)
    pulse.tell("guard", 0, 0, 0)
    with pytest.raises(BrokenPipeError):
        os.write(speaking, b"guard\n")
    os.close(speaking)


def test_a_pulse_is_one_line_that_fits_the_pipe_in_one_piece():
    listening, speaking = os.pipe()
    Pulse(speaking).tell("ending", "two\nlines", "x" * 5000)
    received = os.read(listening, 10_000)
    assert received.startswith(b"ending two lines xxx")
    assert received.count(b"\n") == 1
    assert len(received) <= 512
    os.close(listening)
    os.close(speaking)


def test_progress_is_told_at_most_twice_a_second():
    listening, speaking = os.pipe()
    pulse = Pulse(speaking)
    for _ in range(50):
        pulse.progress("task")
    pulse.progress("recorded")
    assert os.read(listening, 10_000) == b"task\nrecorded\n"
    os.close(listening)
    os.close(speaking)


@pytest.mark.parametrize(("code", "text"), [(-9, "was killed by SIGKILL"), (3, "ended with exit code 3")])
def test_an_exit_is_described(code, text):
    assert lifeline.describe_exit(code) == text


@pytest.mark.parametrize("function", ["end_with_parent", "watch_parent"])
def test_a_process_dies_with_its_parent(function):
    grandchild = (
        f"import os, sys, time; from drsorch.queue.lifeline import {function} as bind; bind(os.getppid());"
        "print(os.getpid(), flush=True); sys.stdout.close(); time.sleep(30)"
    )
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])",
            grandchild,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(parent.stdout.readline())
    assert look(pid)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert wait_for(lambda: not look(pid), 5)


def test_workers_that_start_together_create_each_schedule_once(tmp_path, empty_database):
    database = shutil.copy(empty_database, tmp_path / "schedules.sqlite3")
    start = (
        "import django; django.setup(); from drsorch.queue.schedules import ensure_schedules as ensure;"
        "from django_q.models import Schedule; Schedule.objects.count(); print('ready', flush=True); input();"
        "ensure([{'name': f'Job {n}', 'func': 'a.b', 'minutes': 1} for n in range(50)]);"
        "print(Schedule.objects.count())"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", start],
            cwd=ROOT,
            env=environment(database),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    assert [racer.communicate()[0] for racer in racers] == ["50\n"] * 3


@pytest.mark.django_db
def test_commits_of_doorbells_do_not_wait_for_the_disk():
    fresh = connections.create_connection("default")
    before, after = {"sqlite": (2, 1), "postgresql": ("on", "off")}[fresh.vendor]
    assert setting(fresh) == before
    group.forgo_syncs(fresh)
    assert setting(fresh) == after
    fresh.close()


def setting(connection):
    """Whether commits on the connection wait for the disk, in the words of its database."""
    with connection.cursor() as cursor:
        cursor.execute({"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}[connection.vendor])
        return cursor.fetchone()[0]
