"""`manage.py createsuperuser`: refused, for another command does it and records it."""

from typing import Any, NoReturn

from django.contrib.auth.management.commands import createsuperuser
from django.core.management.base import CommandError


class Command(createsuperuser.Command):
    """Django's own, whose people have no role and leave no evidence."""

    help = "Refused: use create_administrator."

    def handle(self, *_: Any, **options: Any) -> NoReturn:
        """Raise CommandError naming the command that does it."""
        raise CommandError(
            "Nobody is made superuser here: roles say what people may. Use manage.py create_administrator NAME, "
            "which is recorded."
        )
