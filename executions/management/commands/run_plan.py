"""`manage.py run_plan`: start a plan from the command line."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from drsorch.access.requests import actor_named
from drsorch.errors import UserError
from executions.progress import verdict, watch
from executions.services import start_execution
from executions.states import ExecutionStatus, Mode
from plans.services import plan_named


class Command(BaseCommand):
    """Starts through the same service as the console, under the same permissions."""

    help = "Start a recovery plan. Example: manage.py run_plan Billing --as olga --drill --wait"

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept the plan, the person, the mode, a reason, --wait."""
        parser.add_argument("name", help="name of the recovery plan")
        parser.add_argument("--as", dest="username", required=True, metavar="USER", help="who starts it")
        mode = parser.add_mutually_exclusive_group(required=True)
        mode.add_argument("--drill", dest="mode", action="store_const", const=Mode.DRILL, help="run a drill")
        mode.add_argument("--recovery", dest="mode", action="store_const", const=Mode.RECOVERY, help=argparse.SUPPRESS)
        parser.add_argument("--reason", default="", help="why; kept with the execution")
        parser.add_argument("--wait", action="store_true", help="show progress until it ends; exit 1 unless COMPLETED")

    def handle(self, *_: Any, **options: Any) -> None:
        """Start, and with --wait watch. Raises CommandError with the refusal's sentence, or with how it ended."""
        console = Console()
        try:
            actor = actor_named(options["username"])
            execution = start_execution(
                plan=plan_named(actor, options["name"]), actor=actor, mode=options["mode"], reason=options["reason"]
            )
        except UserError as refusal:
            raise CommandError(refusal.message) from refusal
        console.print(f"{execution} started: execution {execution.pk}.")
        if not options["wait"]:
            return
        try:
            execution = watch(execution, actor, console)
        except KeyboardInterrupt as stop:
            raise CommandError(f"You stopped watching. Execution {execution.pk} goes on.") from stop
        console.print(verdict(execution))
        if execution.status != ExecutionStatus.COMPLETED:
            raise CommandError(f"{execution} ended {execution.get_status_display().lower()}: {execution.status_reason}")
