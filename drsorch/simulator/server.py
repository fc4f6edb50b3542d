"""Serving the simulated AWS over HTTP: in the foreground for the command, in a thread for tests."""

import errno
import socket
from pathlib import Path
from threading import Thread

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from drsorch.simulator.app import SimulatorApp
from drsorch.simulator.control import SimulatorControl
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.worlds import Sizes

HOST = "127.0.0.1"


class CannotListen(Exception):
    """The port cannot be had; the message names it and says what to do."""


class RequestHandler(MotoRequestHandler):
    """Keeps connections open and stays silent."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        """Wait for no further request on a connection that a fault rule has reset."""
        if self.connection.fileno() < 0:
            self.close_connection = True
        else:
            super().handle_one_request()

    def send_response(self, code: int, message: str | None = None) -> None:
        """Leave the date to the application, whose clock is AWS's."""
        self.send_response_only(code, message)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: every request is counted instead."""


def build_server(simulation: Simulation, port: int) -> BaseWSGIServer:
    """A server that listens already and serves once told to. Port 0 takes a free one.

    Raises CannotListen, or JournalBroken when what the journal tells of cannot be done again.
    """
    app = SimulatorApp(simulation)
    with _listen(port) as listener:  # the server takes a copy of it
        return make_server(
            HOST, listener.getsockname()[1], app, threaded=True, request_handler=RequestHandler, fd=listener.fileno()
        )


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as problem:
        listener.close()
        reason = (
            "is in use by another program" if problem.errno == errno.EADDRINUSE else f"cannot be opened ({problem})"
        )
        raise CannotListen(f"Port {port} {reason}; choose another one with --port.") from problem
    listener.listen(128)
    return listener


class RunningSimulator:
    """A simulator that serves from a thread of this process."""

    def __init__(self, server: BaseWSGIServer, simulation: Simulation) -> None:
        self._server = server
        self.simulation = simulation
        self.url = f"http://{HOST}:{server.port}"
        self.control = SimulatorControl(self.url)
        self._thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and wait until the thread has ended."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.simulation.close()


def serve_in_thread(
    world: str = "minimal", speed: float = 0, port: int = 0, *, sizes: Sizes | None = None, journal: Path | None = None
) -> RunningSimulator:
    """Start a simulator in this process. Only one at a time: moto keeps its state per process.

    A journal that has a past decides what the world and the speed are. Raises CannotListen, JournalBroken, and
    BadControlRequest when there is no such world.
    """
    simulation = Simulation(world, speed, sizes, journal)
    try:
        return RunningSimulator(build_server(simulation, port), simulation)
    except BaseException:
        simulation.close()
        raise
