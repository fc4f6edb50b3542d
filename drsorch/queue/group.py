"""The worker group: django-q2's sentinel, pusher, monitor and workers beside the ticker; all live or none."""

import gc
import logging
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django_q.cluster import Sentinel, get_mp_context
from django_q.signals import post_execute, post_execute_in_worker, pre_execute
from django_q.worker import worker

from drsorch.queue import lifeline, models, schedules, ticker
from drsorch.queue.broker import PatientBroker
from drsorch.queue.pulse import Pulse

logger = logging.getLogger(__name__)

# These write nothing but doorbells, which may get lost or come twice: their commits need not wait for the disk.
DOORBELL_ROLES = ("pusher", "monitor")
UNSYNCED = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET synchronous_commit TO off"}
LEAVING_SECONDS = 3.0  # for a worker that was recycled or timed out to end by itself


class Rounds:
    """What the sentinel waits on between two rounds: a stop flag that a signal handler may set without a lock."""

    def __init__(self, between: Callable[[], None]) -> None:
        self.between = between
        self.stopping = False

    def is_set(self) -> bool:
        """Return whether the group was asked to stop."""
        return self.stopping

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Ask the group to stop after this round."""
        self.stopping = True

    def wait(self, seconds: float) -> bool:
        """End a round: report, sleep `seconds`, and return whether to stop."""
        self.between()
        time.sleep(seconds)
        return self.stopping


class WorkerGroup(Sentinel):
    """A sentinel that never replaces a process that died: it ends, and its supervisor starts a new group.

    A process that dies at a random moment may hold a lock of the queues that the others share, and then they wait
    for ever. Only workers that left by themselves, between two tasks, are replaced.
    """

    def __init__(self, pulse: Pulse, jobs: dict[str, ticker.Job]) -> None:
        self.pulse, self.jobs = pulse, jobs
        self.ticker: ForkProcess | None = None
        self.rounds = Rounds(self.report)
        super().__init__(self.rounds, threading.Event(), uuid.uuid4(), broker=PatientBroker(), start=False)
        signal.signal(signal.SIGTERM, self.rounds.stop)
        # A lock that died with its holder may block the guard loop itself; a signal handler runs even then.
        signal.signal(signal.SIGCHLD, self.look_for_deaths)

    def spawn_cluster(self) -> None:
        """Start all processes."""
        super().spawn_cluster()
        self.ticker = self.spawn_process(ticker.run, self.jobs, self.pulse)

    def spawn_process(self, target: Callable[..., object], *args: Any) -> Any:
        """Start one process of the group. No database connection is carried over."""
        connections.close_all()
        role = target.__module__.rpartition(".")[2]
        process: Any = get_mp_context().Process(target=enter, args=(os.getpid(), role, target, *args), name=role)
        process.daemon = True
        if target is worker:
            process.timer = args[2]
            self.pool.append(process)
        process.start()
        return process

    def reincarnate(self, process: Any) -> None:
        """Replace a worker that left in order; for any other death end the group.

        Order includes a timed-out task: its worker raises, hands in the failure and leaves by itself within
        milliseconds, holding nothing. Restarting the group for it would cut the calls of its neighbours. But a worker
        that cannot leave (stuck in C code, frozen) would have to be killed at a random moment: that is a death.
        """
        if process not in self.pool:
            self.end(f"its {process.name} (pid {process.pid}) ended")
        process.join(LEAVING_SECONDS)
        if process.is_alive():
            self.end(f"its worker (pid {process.pid}) is stuck in a task beyond the time-out of {self.timeout} s")
        if process.exitcode != 0 or process.timer.value not in (0, -2):
            self.end(f"its worker (pid {process.pid}) {lifeline.describe_exit(process.exitcode or 0)}")
        if process.timer.value == 0:
            logger.error("A task ran into its time-out of %s s; its worker is replaced.", self.timeout)
        self.pool.remove(process)
        self.spawn_worker()
        self.reincarnations += 1

    def look_for_deaths(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End the group when one of its processes was killed or crashed."""
        for process in (*self.pool, self.monitor, self.pusher, self.ticker):
            if process is not None and process.exitcode:
                self.end(f"its {process.name} (pid {process.pid}) {lifeline.describe_exit(process.exitcode)}")

    def report(self) -> None:
        """Tell the supervisor after each round that the guard lives, and how the queues stand."""
        self.look_for_deaths()
        busy = sum(process.timer.value > 0 for process in self.pool)
        self.pulse.tell("guard", busy, self.task_queue.qsize(), self.result_queue.qsize())

    def end(self, reason: str) -> NoReturn:
        """Leave last words and go; the others follow through their lifeline. Safe in a signal handler."""
        self.pulse.tell("ending", reason)
        os._exit(1)

    def stop(self) -> None:
        """Let running tasks finish, take no new ones, end. The supervisor decides how long that may take."""
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if self.ticker is not None:
            self.ticker.terminate()
        super().stop()


def enter(parent: int, role: str, target: Callable[..., object], *args: Any) -> None:
    """Begin a forked process: tied to its parent, with signals of its own."""
    lifeline.end_with_parent(parent)
    lifeline.name_process(f"drs-{role}")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if role in DOORBELL_ROLES:
        connection_created.connect(forgo_syncs)
    target(*args)


def forgo_syncs(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Let commits on a new connection return before they are on the disk. After a power cut the last may be missing."""
    with connection.cursor() as cursor:
        cursor.execute(UNSYNCED[connection.vendor])


def report_progress(pulse: Pulse) -> None:
    """Have started, finished and recorded tasks reported. django-q2 sends these signals in its worker and monitor."""
    pre_execute.connect(lambda **_: pulse.progress("task"), weak=False)
    post_execute_in_worker.connect(lambda **_: pulse.progress("task"), weak=False)
    post_execute.connect(lambda **_: pulse.progress("recorded"), weak=False)


def main(descriptor: int, supervisor: int) -> None:
    """Run as the leader of a group: speak on `descriptor`, end with the process `supervisor`."""
    pulse = Pulse(descriptor)
    lifeline.end_with_parent(supervisor)
    lifeline.name_process("drs-guard")
    try:
        schedules.ensure_schedules(settings.QUEUE_SCHEDULES)
        models.forget_dead_workers()
    except DatabaseError as error:
        pulse.tell("ending", f"the database refused ({error}); is it reachable, and did you run `manage.py migrate`?")
        sys.exit(1)
    report_progress(pulse)
    for warm_up in ticker.load_jobs(settings.QUEUE_WARM_UP).values():
        warm_up()
    gc.freeze()  # what stands now is not collected any more: the forked processes go on sharing it
    WorkerGroup(pulse, ticker.load_jobs(settings.QUEUE_TICKER)).start()
