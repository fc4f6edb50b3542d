"""Simulators of a test's own: with a journal in this process, or in a process that can be killed at any moment."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from drsorch.simulator.control import SimulatorControl
from drsorch.simulator.server import serve_in_thread

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


class Endpoint:
    """A simulator with a journal in this process. Stopping it saves nothing, so that it is as good as killed."""

    def __init__(self, journal, monkeypatch, world="minimal"):
        self.journal, self.world, self.port = journal, world, 0
        self._monkeypatch = monkeypatch
        self.start()

    def start(self):
        self._running = serve_in_thread(self.world, 0, self.port, journal=self.journal)
        self._answers_at(self._running.url)

    def _answers_at(self, url):
        self.control, self.port = SimulatorControl(url), int(url.rpartition(":")[2])
        self._monkeypatch.setenv("AWS_ENDPOINT_URL", url)

    def kill(self):
        if self._running is not None:
            self._running.stop()
            self._running = None

    def restart(self):
        self.kill()
        self.start()


class EndpointProcess(Endpoint):
    """A simulator in a process of its own."""

    def start(self):
        self._process, url = spawn("--journal", str(self.journal))
        self._answers_at(url)

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=20)


def spawn(*options):
    """Run `manage.py simulator` on world `minimal` with frozen time. Returns the process and its URL."""
    process = subprocess.Popen(
        [
            *(sys.executable, str(MANAGE), "simulator", "--port", "0", "--world", "minimal", "--speed", "0"),
            *options,
        ],
        env={**os.environ, "DRSORCH_ENVIRONMENT": "test", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return process, line.split()[6]
