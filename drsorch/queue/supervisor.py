"""Keeps one worker group running: starts it, listens to it, kills and replaces it as a whole."""

import contextlib
import logging
import logging.config
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from types import FrameType

from django.conf import settings

from drsorch.queue import lifeline
from drsorch.queue.vitals import Vitals

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds
STOP_WITHIN = 7.0  # for running tasks to finish after SIGTERM; the promise is 10, and a busy host needs some of it
GONE_WITHIN = 5.0  # for killed processes to disappear
STEADY_AFTER = 10.0  # a group that was complete for so long is not part of a crash loop


@dataclass
class Backoff:
    """How long to wait before the next group: nothing after the first death, then longer up to `longest` seconds."""

    longest: float
    failures: int = 0

    def pause_after(self, ready_for: float | None) -> float:
        """Return the seconds to wait after a group that was complete for `ready_for` seconds (None: never)."""
        if ready_for is not None and ready_for >= STEADY_AFTER:
            self.failures = 0
        self.failures += 1
        return 0.0 if self.failures == 1 else min(self.longest, 0.5 * 2.0 ** min(self.failures - 2, 10))


class Group:
    """The supervisor's hold on one worker group: its leader, its pipe, what is known about it."""

    def __init__(self, workers: int, stall: float) -> None:
        self.listening, speaking = os.pipe()
        os.set_blocking(self.listening, False)
        # A program of its own and not a fork: it inherits no connection, lock or thread of ours. A session of its own:
        # one signal reaches all of it, and Ctrl-C reaches only us.
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and package
            [sys.executable, "-m", "drsorch.queue", "group", str(speaking), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            pass_fds=[speaking],
            start_new_session=True,
            env={**os.environ, "DRSORCH_WORKERS": str(workers)},
        )
        os.close(speaking)
        self.vitals = Vitals(born_at=time.monotonic(), workers=workers, stall=stall)
        self.rest = b""

    def listen(self, seconds: float) -> None:
        """Take in what the group says within `seconds`."""
        readable, _, _ = select.select([self.listening], [], [], seconds)
        if not readable:
            return
        received = os.read(self.listening, 1 << 16)
        if not received:  # every process of the group is gone; only its leader's exit code is still to come
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
            return
        *lines, self.rest = (self.rest + received).split(b"\n")
        now = time.monotonic()
        for line in lines:
            if self.vitals.hear(line.decode(errors="replace"), now):
                took = now - self.vitals.born_at
                logger.info("Worker group %d is ready after %.1f s.", self.process.pid, took)

    def why_ended(self) -> str | None:
        """Return why the group must be replaced, as the end of a sentence, or None while it is well."""
        code = self.process.poll()
        if code is None:
            return self.vitals.verdict(time.monotonic())
        self.listen(0)
        return self.vitals.last_words or f"its main process {lifeline.describe_exit(code)}"

    def kill(self) -> None:
        """End every process of the group now, and wait until they are gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # none left; macOS answers EPERM for zombies
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.listening)
        deadline = time.monotonic() + GONE_WITHIN
        with contextlib.suppress(ChildProcessError):  # no member of the group is left
            while time.monotonic() < deadline:
                if os.waitpid(-self.process.pid, os.WNOHANG) == (0, 0):
                    time.sleep(0.01)
            logger.error("Worker group %d was killed but does not go. The host may be in trouble.", self.process.pid)


class Supervisor:
    """`manage.py worker`: see run()."""

    def __init__(self, *, workers: int, stall: float, longest_pause: float) -> None:
        self.workers, self.stall = workers, stall
        self.backoff = Backoff(longest_pause)
        self.signals: list[int] = []
        self.asked_at = 0.0

    def run(self) -> None:
        """Keep a group running until SIGTERM or SIGINT, then stop it within ten seconds and return.

        Uses no database, so that nothing that holds up the group can hold up its supervisor.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note_signal)
        lifeline.name_process("drs-supervisor")
        lifeline.adopt_orphans()
        while not self.signals:
            group = Group(self.workers, self.stall)
            logger.info("Worker group %d starts with %d workers.", group.process.pid, self.workers)
            reason = self._watch(group)
            if self.signals:
                self._stop(group)
            else:
                self._replace(group, reason)

    def _watch(self, group: Group) -> str:
        """Listen until a signal arrives or the group has to be replaced; return why."""
        reason = None
        while not self.signals and reason is None:
            group.listen(LOOK_EVERY)
            reason = group.why_ended()
        return reason or ""

    def _replace(self, group: Group, reason: str) -> None:
        pause = self.backoff.pause_after(group.vitals.ready_for(time.monotonic()))
        group.kill()
        when = f"in {pause:g} s" if pause else "now"
        logger.warning("Worker group %d is replaced %s because %s.", group.process.pid, when, reason)
        until = time.monotonic() + pause
        while not self.signals and time.monotonic() < until:
            time.sleep(min(LOOK_EVERY, pause))

    def _stop(self, group: Group) -> None:
        """Ask the group to finish what it does, and kill what is left; a second signal shortens the wait."""
        began = self.asked_at
        logger.info("The worker stops because of %s.", signal.Signals(self.signals[0]).name)
        group.process.terminate()
        while group.process.poll() is None and len(self.signals) == 1 and time.monotonic() - began < STOP_WITHIN:
            group.listen(LOOK_EVERY)
        rushed = group.process.poll() is None
        group.kill()
        took = time.monotonic() - began
        logger.info("The worker stopped after %.1f s%s.", took, "; running tasks were cut off" if rushed else "")

    def _note_signal(self, number: int, _frame: FrameType | None) -> None:
        if not self.signals:
            self.asked_at = time.monotonic()
        self.signals.append(number)


def main(workers: int) -> None:
    """Run as a supervisor, with the settings of Django but without its applications: they would take 50 MiB."""
    logging.config.dictConfig(settings.LOGGING)
    Supervisor(
        workers=workers, stall=settings.QUEUE_STALL_SECONDS, longest_pause=settings.QUEUE_LONGEST_PAUSE_SECONDS
    ).run()
