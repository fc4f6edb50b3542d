"""The processes of the demo: started, watched, and stopped together."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path

from drsorch.queue.lifeline import describe_exit, end_with_parent

STOP_SECONDS = 12
LISTEN_SECONDS = 60


class ChildEnded(Exception):
    """A process of the demo ended by itself; the message says which, how, and where its log is."""


class Children:
    """Processes in sessions of their own, so that a Ctrl-C reaches only us and we stop them in order."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: Iterable[str], environment: Mapping[str, str] | None = None) -> None:
        """Start `command` with this Python. It dies with us, however we die."""
        (self.logs / f"{name}.log").unlink(missing_ok=True)
        self.commands[name] = list(command), dict(environment or {})
        self._launch(name)

    def _launch(self, name: str) -> None:
        command, environment = self.commands[name]
        parent = os.getpid()
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 (our own commands, no shell)
                [sys.executable, *command],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **environment},
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(parent),  # noqa: PLW1509 (no threads run when children start)
            )

    def kill(self, name: str) -> None:
        """Kill a process without a chance to tidy up, and start it again, as an init system would."""
        process = self.running.pop(name)
        process.kill()
        process.wait()
        self._launch(name)

    def check(self) -> None:
        """Return while all run. Raises ChildEnded."""
        for name, process in self.running.items():
            code = process.poll()
            if code is not None:
                raise ChildEnded(f"The {name} {describe_exit(code)}. Its last words: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """Return the last line that a process wrote."""
        log = self.logs / f"{name}.log"
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else 'none'} (all of them: {log})"

    def wait_until_answering(self, name: str, url: str) -> None:
        """Return when `url` answers. Raises ChildEnded when the process ends first, or does not answer in time."""
        give_up_at = time.monotonic() + LISTEN_SECONDS
        while time.monotonic() < give_up_at:
            self.check()
            try:
                urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 (loopback)  # nosec B310
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise ChildEnded(f"The {name} does not answer at {url} after {LISTEN_SECONDS} s. {self.last_words(name)}")

    def stop(self) -> None:
        """Stop all, the last one started first; kill what does not stop in time."""
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGTERM)
        give_up_at = time.monotonic() + STOP_SECONDS
        for process in self.running.values():
            try:
                process.wait(timeout=max(0.1, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()


def is_free(port: int) -> bool:
    """Say whether nobody listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
