"""`manage.py changepassword`: refused, for another command does it and records it."""

from typing import Any, NoReturn

from django.contrib.auth.management.commands import changepassword
from django.core.management.base import CommandError


class Command(changepassword.Command):
    """Django's own, which leaves no evidence."""

    help = "Refused: use create_administrator."

    def handle(self, *_: Any, **options: Any) -> NoReturn:
        """Raise CommandError naming the command that does it."""
        raise CommandError(
            "Passwords are set at the admin site, where it is recorded. When nobody can sign in any more, use "
            "manage.py create_administrator NAME --another."
        )
