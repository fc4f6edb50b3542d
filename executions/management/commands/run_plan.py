"""`manage.py run_plan`: start a plan from the command line."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from drsorch.access.denials import note_refused_command
from drsorch.access.requests import actor_named
from drsorch.audit.actor import Actor
from drsorch.errors import NotFound, UserError
from executions.progress import verdict, watch
from executions.services import start_execution
from executions.states import ExecutionStatus, Mode
from plans.services import plan_named


class Command(BaseCommand):
    """Starts through the same service as the console, under the same permissions."""

    help = (
        "Start a recovery plan. Examples: manage.py run_plan Billing --as olga --drill --wait; "
        "manage.py run_plan Billing --as olga --recovery --confirm Billing"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept the plan, the person, the mode, the consents, a reason, --wait."""
        parser.add_argument("name", help="name of the recovery plan")
        parser.add_argument("--as", dest="username", required=True, metavar="USER", help="who starts it")
        mode = parser.add_mutually_exclusive_group(required=True)
        mode.add_argument("--drill", dest="mode", action="store_const", const=Mode.DRILL, help="run a drill")
        mode.add_argument(
            "--recovery", dest="mode", action="store_const", const=Mode.RECOVERY, help="recover in earnest"
        )
        parser.add_argument("--reason", default="", help="why; kept with the execution")
        parser.add_argument("--confirm", default="", metavar="NAME", help="the plan's name again; a recovery needs it")
        parser.add_argument("--override", default="", metavar="REASON", help="go on in spite of problems, and why")
        parser.add_argument("--preempt", action="store_true", help="cancel drills that hold servers of the plan")
        parser.add_argument(
            "--launch-over",
            action="append",
            default=[],
            metavar="SERVER",
            help="replace the live recovery instance of this server (name or id); repeat for more; needs --override",
        )
        parser.add_argument("--at", type=_moment, metavar="TIME", help="launch the state of that time (ISO 8601, UTC)")
        parser.add_argument("--wait", action="store_true", help="show progress until it ends; exit 1 unless COMPLETED")

    def handle(self, *_: Any, **options: Any) -> None:
        """Start, and with --wait watch. Raises CommandError with the refusal's sentence, or with how it ended."""
        console = Console()
        actor = _person(options["username"])
        try:
            execution = start_execution(
                plan=plan_named(actor, options["name"]),
                actor=actor,
                mode=options["mode"],
                reason=options["reason"],
                confirm_plan_name=options["confirm"],
                override_reason=options["override"],
                preempt=options["preempt"],
                launch_over=options["launch_over"],
                point_in_time=options["at"],
            )
        except UserError as refusal:
            note_refused_command(actor, "start_execution", refusal, plan=options["name"], mode=options["mode"])
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


def _person(username: str) -> Actor:
    try:
        return actor_named(username)
    except NotFound as refusal:
        raise CommandError(refusal.message) from refusal


def _moment(text: str) -> datetime:
    """Read a time; one without a zone is UTC. Raises ValueError, which argparse turns into a refusal."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
