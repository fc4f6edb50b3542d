"""A whole drsorch on this machine for one run: endpoint, database, web server, worker. Needs no Django settings."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from drsorch.queue.lifeline import end_with_parent
from drsorch.simulator.control import SimulatorControl
from drsorch.simulator.worlds.hub import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tests.queue.processes import wait_for
from tests.torture.database import Database, Sqlite
from tests.torture.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
LISTENS = re.compile(r"listens on (http://\S+)")
STOP_WITHIN = 12.0
BACK_WITHIN = 60.0
LAST_WORDS = 2000
WEB_THREADS = "4"


class PatientControl(SimulatorControl):
    """The endpoint's control path, for an endpoint that may be killed at any moment: `revive` starts it again.

    Raises RuntimeError with the end of its `log` when it does not come back.
    """

    def __init__(self, url: str, revive: Callable[[], None], log: Path) -> None:
        super().__init__(url)
        self._revive, self._log = revive, log

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        until = time.monotonic() + BACK_WITHIN
        while True:
            try:
                return super()._ask(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > until:
                    said = self._log.read_text()[-LAST_WORDS:]
                    raise RuntimeError(f"The local AWS endpoint does not come back. It said: {said}") from error
                self._revive()
                time.sleep(0.1)

    def answers(self) -> bool:
        """Tell whether it answers now."""
        try:
            super()._ask("GET", "health")
        except (OSError, http.client.HTTPException):
            return False
        return True


class Installation:
    """Processes and files below `folder`; a context manager that ends all of them."""

    control: PatientControl

    def __init__(self, folder: Path, settings: str = "drsorch.settings", database: Database | None = None) -> None:
        self.folder = folder
        self.database = database or Sqlite(folder)
        self.environment = {
            "DJANGO_SETTINGS_MODULE": settings,
            "DRSORCH_ENVIRONMENT": "test",
            "DRSORCH_DATA_DIR": str(folder),
            "DATABASE_URL": self.database.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "LOG_LEVEL": "INFO",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # until the endpoint has said where it listens
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, tuple[list[str], dict[str, str]]] = {}

    def __enter__(self) -> Self:
        self.database.start()
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.running):
            self.stop(name)
        self.database.stop()

    def start(self, name: str, command: Iterable[str], **environment: str) -> None:
        """Start a Python program; it dies with this thread's process. Its log is appended to."""
        self.commands[name] = list(command), environment
        self.start_again(name)

    def start_again(self, name: str) -> None:
        """Start a program as it was started before."""
        command, environment = self.commands[name]
        parent = os.getpid()
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment, **environment},
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(parent),  # noqa: PLW1509 (takes no lock)
            )

    def revive(self, name: str) -> bool:
        """Start a program again when it has ended, as an init system would; tell whether it had."""
        ended = self.has_ended(name)
        if ended:
            self.start_again(name)
        return ended

    def has_ended(self, name: str) -> bool:
        """Tell whether a program that was started runs no more."""
        return self.running[name].poll() is not None

    def log(self, name: str) -> Path:
        """Where the process `name` writes."""
        return self.folder / f"{name}.log"

    def pid(self, name: str) -> int:
        """The process `name`."""
        return self.running[name].pid

    def stop(self, name: str) -> float:
        """End a process, softly first; return the seconds it took."""
        began, process = time.monotonic(), self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return time.monotonic() - began

    def start_simulator(
        self,
        world: str,
        speed: float,
        command: Iterable[str] = ("manage.py", "simulator"),
        *,
        more: Iterable[str] = (),
        is_kept: bool = False,
    ) -> None:
        """Start the endpoint on a free port and wait until it listens; `is_kept`: it goes on after a kill."""
        port = free_port()
        journal = ["--journal", str(self.folder / "simulator.journal")] if is_kept else []
        options = ["--port", str(port), "--world", world, "--speed", str(speed), *more, *journal]
        self.start("simulator", [*command, *options])
        wait_for(lambda: LISTENS.search(self.log("simulator").read_text()) or self.has_ended("simulator"), BACK_WITHIN)
        found = LISTENS.search(self.log("simulator").read_text())
        if not found:
            raise RuntimeError(f"The local AWS endpoint does not start: {self.log('simulator').read_text()}")
        self.environment["AWS_ENDPOINT_URL"] = found[1]
        self.control = PatientControl(found[1], lambda: self.revive("simulator"), self.log("simulator"))

    def start_worker(self, **environment: str) -> None:
        """Start `manage.py worker`; it need not be ready when this returns."""
        self.start("worker", ["manage.py", "worker"], **environment)

    def start_web(self) -> int:
        """Start the console as the demo does, on a free port, and return the port; it need not answer yet."""
        port = free_port()
        bind = ["--bind", f"127.0.0.1:{port}", "--threads", WEB_THREADS, "--workers", "1"]
        self.start("web", ["-m", "gunicorn", "drsorch.wsgi", *bind])
        return port

    def processes(self) -> list[int]:
        """Every process of this machine that was given our folder, whoever its parent is now."""
        mark = f"DRSORCH_DATA_DIR={self.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdecimal() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue  # it ended while we looked, or is not ours to look at
        return [pid for pid in found if pid != os.getpid()]
