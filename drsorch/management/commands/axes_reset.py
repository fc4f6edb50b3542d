"""`manage.py axes_reset`: let those try again who are locked out after wrong passwords."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from drsorch.access.local import lift_lockouts
from drsorch.access.requests import actor_on_host
from drsorch.errors import UserError


class Command(BaseCommand):
    """Takes the place of the command of django-axes, which leaves no evidence."""

    help = "End lockouts after wrong passwords, all of them or those of some addresses. It is recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept addresses."""
        parser.add_argument("address", nargs="*", help="whose lockout ends; none: all")

    def handle(self, *_: Any, **options: Any) -> None:
        """End them. Raises CommandError with the refusal's sentence."""
        try:
            lifted = lift_lockouts(actor=actor_on_host(), addresses=options["address"])
        except UserError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(
            f"Passwords may be tried again from {', '.join(lifted)}." if lifted else "Nobody is locked out."
        )
