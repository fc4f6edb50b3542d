"""`manage.py axes_reset_ip`: refused, for another command does it and records it."""

from typing import Any, NoReturn

from axes.management.commands import axes_reset_ip
from django.core.management.base import CommandError


class Command(axes_reset_ip.Command):
    """The command of django-axes, which leaves no evidence."""

    help = "Refused: use axes_reset."

    def handle(self, *_: Any, **options: Any) -> NoReturn:
        """Raise CommandError naming the command that does it."""
        raise CommandError("Lockouts are ended by manage.py axes_reset ADDRESS, which is recorded.")
