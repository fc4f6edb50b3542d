"""`manage.py simulator`: run the local AWS endpoint until it is told to stop."""

import signal
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from drsorch.simulator.errors import BadControlRequest
from drsorch.simulator.journal import JournalBroken
from drsorch.simulator.server import CannotListen, serve_in_thread
from drsorch.simulator.worlds import WORLDS

HIGHEST_PORT = 65535
SIZES = ("accounts", "regions", "servers")


class Command(BaseCommand):
    """Needs no database and no settings beyond those that let Django start."""

    help = "Runs the local AWS endpoint for practice, demo and tests. Stop it with Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=4566, help="port on 127.0.0.1 (default 4566, 0 takes any)")
        parser.add_argument("--world", choices=sorted(WORLDS), default="demo", help="what AWS starts with")
        parser.add_argument(
            "--speed", type=float, default=60.0, help="virtual seconds per real second; 0 freezes time (default 60)"
        )
        parser.add_argument(
            "--journal", type=Path, help="file that survives a restart: what is in it goes on, world and speed included"
        )
        for name in SIZES:
            parser.add_argument(f"--{name}", type=int, help=f"how many {name} the world estate has")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve until SIGINT or SIGTERM. Raises CommandError when the port or the journal cannot be had."""
        port, speed = options["port"], options["speed"]
        if not 0 <= port <= HIGHEST_PORT:
            raise CommandError(f"--port {port} is no port; choose one from 0 to {HIGHEST_PORT}.")
        if not 0 <= speed < float("inf"):
            raise CommandError(f"--speed {speed} is no speed; choose 0 for frozen time or a positive number.")
        sizes = {name: options[name] for name in SIZES if options[name] is not None}
        try:
            running = serve_in_thread(options["world"], speed, port, sizes=sizes, journal=options["journal"])
        except (BadControlRequest, CannotListen, JournalBroken) as problem:
            raise CommandError(str(problem)) from problem
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        world = running.simulation.world.name
        self.stdout.write(f"Simulated AWS, world {world}, listens on {running.url} (Ctrl-C stops it).")
        self.stdout.flush()
        stopped.wait()
        running.stop()
        self.stdout.write("Stopped.")
