"""Tasks that real workers run in the tests of the queue. They leave their traces in files."""

import os
import time
from pathlib import Path

from django.db import connection

from drsorch.queue.enqueue import enqueue


def nothing():
    """Be done at once."""


def note(path, text):
    """Append one line to `path`: the time, the worker's pid, `text`."""
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(f"{time.time()} {os.getpid()} {text}\n")


def slow(path, seconds):
    """Note the beginning and the end of a long call."""
    note(path, "began")
    time.sleep(seconds)
    note(path, "ended")


def relay(path, delay):
    """Ask for a later note through the product's own enqueue()."""
    note(path, "asked")
    enqueue("tests.queue.tasks_for_tests.note", path, "relayed", delay=delay)


def tick():
    """Note that the ticker called, and that it has a connection of its own that works."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    note(os.environ["TEST_TICKS"], "tick")


def fail_to_tick():
    """Be a job that fails each time: the one after it must be called nevertheless."""
    raise RuntimeError("this job always fails")
