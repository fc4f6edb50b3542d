"""`manage.py demo`: the whole of drsorch on this machine, with a first drill, and no AWS account."""

import logging
import os
import signal
import time
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from rich.console import Console

from drsorch.access.demo import DEMO_USERS
from drsorch.access.requests import actor_named
from drsorch.aws.endpoint import require_endpoint
from drsorch.errors import UserError
from executions.demo.chaos import CHAOS_PLAN, FASTEST, Chaos, shrunk_times, untruths
from executions.demo.children import ChildEnded, Children, is_free
from executions.demo.seed import FIRST_PLAN, fetch_world, hub_credentials, seed
from executions.models import Execution
from executions.progress import verdict, watch
from executions.services import start_execution
from executions.states import ExecutionStatus
from plans.services import plan_named


class Command(BaseCommand):
    """Starts the local AWS endpoint, web server and worker, fills the practice world, runs a drill, stays up."""

    help = "Run the demo: local AWS endpoint, web server, worker, sample world and a first drill. Ctrl-C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept --port, --once, --speed and --chaos."""
        parser.add_argument("--port", type=int, default=8000, help="port of the console on 127.0.0.1 (default 8000)")
        parser.add_argument(
            "--once", action="store_true", help="stop after the drill; exit 0 only when it is COMPLETED"
        )
        parser.add_argument("--speed", type=float, default=60.0, help="how much faster AWS's time runs (default 60)")
        parser.add_argument(
            "--chaos", action="store_true", help="a second drill, while AWS misbehaves and the worker is killed"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Run until Ctrl-C, or with --once until the drill has ended. Raises CommandError with the reason."""
        logging.disable(logging.WARNING)  # progress is for people; the logs of the processes have the rest
        self.console = Console()
        self.endpoint = _endpoint()
        self.children = Children(settings.DATA_DIR / "demo-logs")
        signal.signal(signal.SIGTERM, _interrupt)
        _refuse_taken_ports(options["port"], urlsplit(self.endpoint).port or 80)
        _refuse_speed(options["speed"], is_chaos=options["chaos"])
        try:
            self._start(options["port"], options["speed"], shrunk_times(options["speed"]) if options["chaos"] else {})
            execution = self._drill()
            if options["once"] or options["chaos"]:
                _refuse_unless_completed(execution)
            if options["chaos"]:
                self._second_act(options["speed"])
            if options["once"]:
                return
            self._say_where(options["port"])
            self._stay()
        except KeyboardInterrupt:
            self.console.print("\nStopping.")
        except (ChildEnded, UserError) as problem:
            raise CommandError(str(problem)) from problem
        finally:
            self.children.stop()

    def _start(self, port: int, speed: float, times: dict[str, str]) -> None:
        """Start everything: the console is reachable as soon as there is a database and people who may sign in."""
        simulator_port = str(urlsplit(self.endpoint).port)
        self.console.print("Starting the local AWS endpoint, the console and the worker.")
        self.children.start("simulator", ["manage.py", "simulator", "--port", simulator_port, "--speed", str(speed)])
        _empty_database()
        self.children.wait_until_answering("simulator", f"{self.endpoint}/_sim/health")
        world = fetch_world(self.endpoint)
        os.environ.update(hub_credentials(world))
        web = ["-m", "gunicorn", "drsorch.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--workers", "1"]
        self.children.start("web", web)
        self.console.print("Registering accounts, synchronising source servers, making groups and plans.")
        seed(world)
        connection.close()
        self.children.start("worker", ["manage.py", "worker"], times)
        self.children.wait_until_answering("web", f"http://127.0.0.1:{port}/account/sign-in")
        self.console.print(f"The console is open at [bold]http://127.0.0.1:{port}/[/bold]")

    def _drill(self) -> Execution:
        """Run the first drill, with progress."""
        olga = actor_named("olga")
        execution = start_execution(plan=plan_named(olga, FIRST_PLAN), actor=olga, reason="The demo's first drill")
        self.console.print(f"\nThe first drill: plan [bold]{FIRST_PLAN}[/bold], execution {execution.short_id}\n")
        execution = watch(execution, olga, self.console, check=self.children.check)
        self.console.print(verdict(execution))
        return execution

    def _second_act(self, speed: float) -> None:
        """Run a drill while things go wrong. Raises CommandError when its story is not that of the endpoint."""
        olga = actor_named("olga")
        chaos = Chaos(self.endpoint, self.children, self.console, olga)
        chaos.prepare(speed)
        execution = start_execution(plan=plan_named(olga, CHAOS_PLAN), actor=olga, reason="The demo's second act")
        self.console.print(f"\nThe second act: plan [bold]{CHAOS_PLAN}[/bold], while everything goes wrong\n")
        chaos.begin(execution)
        execution = watch(execution, olga, self.console, check=chaos.step)
        self.console.print(verdict(execution))
        wrong, counted = untruths(execution, self.endpoint)
        if wrong:
            raise CommandError(f"The drill does not tell the truth: {' '.join(wrong)}")
        self.console.print(f"The endpoint's own book agrees. {counted}", soft_wrap=True)

    def _say_where(self, port: int) -> None:
        self.console.print(f"\nOpen [bold]http://127.0.0.1:{port}/[/bold] and sign in as one of:")
        for person in DEMO_USERS:
            self.console.print(f"  {person.username:<6} {person.password:<20} {person.role_label}")
        self.console.print(f"Logs are in {settings.DATA_DIR / 'demo-logs'}. Ctrl-C stops everything.")

    def _stay(self) -> None:
        while True:
            self.children.check()
            time.sleep(1)


def _endpoint() -> str:
    if settings.ENVIRONMENT != "demo":
        raise CommandError(f"The demo does not run in {settings.ENVIRONMENT}. Unset DRSORCH_ENVIRONMENT.")
    require_endpoint()
    return os.environ["AWS_ENDPOINT_URL"].rstrip("/")


def _refuse_taken_ports(web: int, simulator: int) -> None:
    if not is_free(web):
        raise CommandError(f"Port {web} is in use. Choose another for the console: make demo ARGS='--port {web + 1}'.")
    if not is_free(simulator):
        raise CommandError(
            f"Port {simulator} is in use. Choose another for the local AWS endpoint: "
            f"AWS_ENDPOINT_URL=http://127.0.0.1:{simulator + 1} make demo."
        )


def _refuse_speed(speed: float, *, is_chaos: bool) -> None:
    if is_chaos and not 0 < speed <= FASTEST:
        raise CommandError(f"--chaos needs a --speed above 0 and up to {FASTEST:g}: faster jobs end before limits do.")


def _refuse_unless_completed(execution: Execution) -> None:
    if execution.status != ExecutionStatus.COMPLETED:
        status = execution.get_status_display().lower()
        raise CommandError(f"The drill ended {status}: {execution.status_reason}")


def _empty_database() -> None:
    """Begin with an empty practice database: the practice AWS begins anew each time, so the old one would be untrue."""
    name = settings.DATABASES["default"]["NAME"]
    if connection.vendor != "sqlite":
        raise CommandError("The demo uses its own SQLite database. Unset DATABASE_URL.")
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{name}{suffix}").unlink(missing_ok=True)
    if settings.AUDIT_ANCHOR_FILE:
        Path(settings.AUDIT_ANCHOR_FILE).unlink(missing_ok=True)  # it anchors evidence that is gone with the database
    call_command("migrate", verbosity=0)


def _interrupt(*_: Any) -> NoReturn:
    raise KeyboardInterrupt
