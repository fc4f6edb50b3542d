"""A real worker on a database file of its own."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from drsorch.queue.enqueue import signed
from tests.concurrency_fixtures import write_database
from tests.queue.processes import below, roles, send, still_alive, using, wait_for

ROOT = Path(__file__).resolve().parents[2]
PARTS = ["worker", "pusher", "monitor", "ticker", "guard"]
COMPLETE = {"supervisor": 1, "guard": 1, "worker": 4, "pusher": 1, "monitor": 1, "ticker": 1}


class Worker:
    """One `manage.py worker` with its database, log and traces."""

    def __init__(self, folder, database, **environment):
        self.database, self.log, self.ticks, self.notes = database, folder / "log", folder / "ticks", folder / "notes"
        self.ticks.touch()
        self.notes.touch()
        self.environment = environment | {"TEST_TICKS": str(self.ticks)}

    def start(self):
        """Start the supervisor; wait_until_complete() is next."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", "--workers", "4"],
                cwd=ROOT,
                env=environment(self.database) | self.environment,
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self):
        """The supervisor's pid."""
        return self.process.pid

    def roles(self):
        """Return the pids by role."""
        return roles(self.pid)

    def group(self):
        """Return all processes below the supervisor."""
        return [found for found in below(self.pid) if found.pid != self.pid]

    def complete(self):
        """Return whether every process that a worker has is there."""
        return {role: len(pids) for role, pids in self.roles().items()} == COMPLETE

    def wait_until_complete(self):
        """Wait for a complete group whose ticker ticks."""
        ticked = len(self.ticks.read_text())
        assert wait_for(lambda: self.complete() and len(self.ticks.read_text()) > ticked, 110), self.log.read_text()

    def wait_for_another_group(self, old):
        """Wait until nothing of the group `old` is left and a new one is complete."""
        assert wait_for(lambda: not still_alive(old)), still_alive(old)
        self.wait_until_complete()

    def ring(self, task, *args, delay=0.0):
        """Queue a task of tasks_for_tests and return its row. The tests use another database: hence the insert."""
        lock = datetime.now(UTC) + timedelta(seconds=delay)
        with contextlib.closing(sqlite3.connect(self.database, timeout=20)) as connection, connection:
            return connection.execute(
                "INSERT INTO django_q_ormq (key, payload, lock) VALUES (?, ?, ?)",
                ("drsorch", signed(f"tests.queue.tasks_for_tests.{task}", args), f"{lock:%Y-%m-%d %H:%M:%S.%f}"),
            ).lastrowid

    def queued(self):
        """Return the rows of the broker's table."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=20)) as connection:
            return {row for (row,) in connection.execute("SELECT id FROM django_q_ormq")}

    def said(self, text):
        """Return what the tasks noted that ends with `text`: lists of [time, pid]."""
        lines = [line.split(" ", 2) for line in self.notes.read_text().splitlines()]
        return [(float(when), int(pid)) for when, pid, what in lines if what == text]

    def still_works(self, text):
        """Queue a task and return whether it gets done."""
        self.ring("note", str(self.notes), text)
        return wait_for(lambda: self.said(text))

    def end(self):
        """Kill whatever this test started, also what has lost its supervisor."""
        for found in still_alive([*below(self.pid), *using(self.database)]):
            send(found.pid, signal.SIGKILL)
        self.process.wait()


def environment(database):
    """Return the environment of a process that uses `database`."""
    return os.environ | {
        "DRSORCH_ENVIRONMENT": "test",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "tests.queue.settings_for_tests",
        "TEST_TICKS": os.devnull,
    }


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory, django_db_setup, django_db_blocker):
    """A migrated SQLite file that stays as it is: to be copied. Written from what the tests have, where that is one."""
    path = tmp_path_factory.mktemp("queue") / "database.sqlite3"
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            write_database(path)
        return path
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment(path), check=True)
    return path


@pytest.fixture(scope="module")
def start_workers(tmp_path_factory, empty_database):
    """A function that starts several workers at the same time, each on a database of its own, and returns them."""
    workers = []

    def start(count, **environment):
        fresh = []
        for _ in range(count):
            folder = tmp_path_factory.mktemp("worker")
            fresh.append(Worker(folder, shutil.copy(empty_database, folder / "database.sqlite3"), **environment))
        workers.extend(fresh)
        for worker in fresh:
            worker.start()
        for worker in fresh:
            worker.wait_until_complete()
        return fresh

    yield start
    for worker in workers:
        worker.end()


@pytest.fixture(scope="module")
def worker(start_workers):
    """A running worker that the tests of a module share; each leaves it running."""
    return start_workers(1, TEST_TASK_TIMEOUT="3")[0]
