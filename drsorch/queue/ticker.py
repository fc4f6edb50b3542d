"""The clock of the worker: runs a few short jobs every second in a process of its own."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.conf import Conf
from django_q.models import OrmQ

from drsorch.queue import models
from drsorch.queue.enqueue import FIRST, LATER
from drsorch.queue.pulse import Pulse

logger = logging.getLogger(__name__)

EVERY = 1.0  # seconds
BEAT_EVERY = 3.0
COMPLAIN_EVERY = 60.0

Job = Callable[[], object]


def load_jobs(names: Iterable[str]) -> dict[str, Job]:
    """Return the functions behind the dotted `names`. Raises ImportError naming the one that does not exist."""
    return {name: import_string(name) for name in names}


@dataclass
class Complaint:
    """A job that fails now: what was said about it, when, and how often it failed."""

    text: str
    said_at: float
    failures: int = 1


@dataclass
class Ticker:
    """Calls `jobs` and says after each that it is alive. `leader` is the pid that the heartbeat shows."""

    jobs: dict[str, Job]
    pulse: Pulse
    leader: int
    complaints: dict[str, Complaint] = field(default_factory=dict)
    beaten_at: float | None = None

    def run(self) -> NoReturn:
        """Tick until the process is ended from outside."""
        while True:
            began = time.monotonic()
            self.tick()
            time.sleep(max(0.0, EVERY - (time.monotonic() - began)))

    def tick(self) -> None:
        """Run every job once. A job that fails is reported and keeps no other from running."""
        close_old_connections()
        for name, job in {**self.jobs, "heartbeat": self.beat, "look at the queue": self.report_ready}.items():
            self.pulse.tell("ticker")
            self.attempt(name, job)

    def attempt(self, name: str, job: Job) -> None:
        """Run one job; log its failure and its recovery."""
        try:
            job()
        except Exception as error:  # noqa: BLE001 - one faulty job must not stop the clock of all others; it is logged
            self.complain(name, error)
        else:
            self.recover(name)

    def complain(self, name: str, error: Exception) -> None:
        """Log a failure in full when it is new, and at most once a minute while it lasts."""
        now, text = time.monotonic(), f"{type(error).__name__}: {error}"
        known = self.complaints.get(name)
        if known is None or known.text != text:
            trace = None if isinstance(error, DatabaseError) else error
            logger.error("The ticker could not run %s (%s). It tries again in a second.", name, text, exc_info=trace)
            self.complaints[name] = Complaint(text, now, known.failures + 1 if known else 1)
            return
        known.failures += 1
        if now - known.said_at >= COMPLAIN_EVERY:
            known.said_at = now
            logger.error("The ticker still cannot run %s after %d attempts (%s).", name, known.failures, text)

    def recover(self, name: str) -> None:
        """Log that a job works again."""
        if known := self.complaints.pop(name, None):
            logger.info("The ticker can run %s again; %d attempts had failed.", name, known.failures)

    def beat(self) -> None:
        """Write the heartbeat when it is due."""
        now = time.monotonic()
        if self.beaten_at is None or now - self.beaten_at >= BEAT_EVERY:
            host = socket.gethostname()
            models.beat(name=host, host=host, pid=self.leader)
            self.beaten_at = now

    def report_ready(self) -> None:
        """Tell the supervisor whether tasks wait in the table."""
        ready = OrmQ.objects.using(Conf.ORM).filter(key__in=(FIRST, LATER), lock__lt=timezone.now())
        self.pulse.tell("ready", int(ready.exists()))


def run(jobs: dict[str, Job], pulse: Pulse) -> NoReturn:
    """Be the ticker process of the group whose leader started it."""
    Ticker(jobs, pulse, leader=os.getppid()).run()
