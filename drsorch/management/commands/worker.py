"""`manage.py worker`: do the background work of this installation."""

import argparse
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from drsorch.queue.ticker import load_jobs

MOST_WORKERS = 64


class Command(BaseCommand):
    """Runs executions, polls AWS and synchronises the inventory until it is stopped."""

    help = (
        "Do the background work: run executions, poll AWS, synchronise the inventory. Stop it with Ctrl-C or SIGTERM."
    )

    # The worker serves no pages: checking them would load them all, and let a broken one keep recoveries from running.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept --workers."""
        parser.add_argument(
            "--workers",
            type=worker_count,
            default=str(settings.Q_CLUSTER["workers"]),  # a string, so that it is checked as well
            help="how many tasks may run at the same time (default: DRSORCH_WORKERS, else 4)",
        )

    def handle(self, *_: str, **options: Any) -> None:
        """Run until SIGTERM or SIGINT. Raises CommandError when settings name a function that does not exist."""
        names = [
            *settings.QUEUE_WARM_UP,
            *settings.QUEUE_TICKER,
            *(str(entry["func"]) for entry in settings.QUEUE_SCHEDULES),
        ]
        try:
            load_jobs(names)
        except ImportError as error:
            raise CommandError(
                f"QUEUE_WARM_UP, QUEUE_TICKER or QUEUE_SCHEDULES names a function that cannot be imported: {error}"
            ) from error
        # In the place of this process: the supervisor has no use for what Django has loaded, and keeps it for weeks.
        os.chdir(settings.BASE_DIR)
        os.execv(  # noqa: S606 - our own interpreter and package
            sys.executable, [sys.executable, "-m", "drsorch.queue", "supervise", str(options["workers"])]
        )


def worker_count(text: str) -> int:
    """Return `text` as a number of workers. Raises ArgumentTypeError with a sentence when it is none."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of workers. Give a whole number from 1 to {MOST_WORKERS}."
        )
    return int(text)
