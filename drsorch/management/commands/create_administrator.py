"""`manage.py create_administrator`: make the first person of an installation, who gives the others their rights."""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from drsorch.access.denials import note_refused_command
from drsorch.access.people import create_administrator
from drsorch.access.requests import actor_on_host
from drsorch.errors import UserError


class Command(BaseCommand):
    """Nobody exists in a new installation; this is the way in, and it is recorded."""

    help = (
        "Create the first administrator. Asks for the password, or reads it from standard input. Example: "
        "manage.py create_administrator ada --email ada@example.com"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept the name, --email, --another."""
        parser.add_argument("username", help="the name to sign in with")
        parser.add_argument("--email", default="", help="the person's address")
        parser.add_argument("--another", action="store_true", help="also when there is an administrator already")

    def handle(self, *_: Any, **options: Any) -> None:
        """Create them. Raises CommandError with the refusal's sentence."""
        actor = actor_on_host()
        try:
            person = create_administrator(
                username=options["username"],
                email=options["email"],
                password=read_password(),
                another=options["another"],
                actor=actor,
            )
        except UserError as refusal:
            note_refused_command(actor, "create_administrator", refusal, username=options["username"])
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"{person} is an administrator and can sign in.")


def read_password() -> str:
    """Return the password: asked twice at a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Password again: ") != first:
        raise CommandError("The passwords differ. Nothing was created.")
    return first
