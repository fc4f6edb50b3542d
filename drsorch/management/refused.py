"""Commands of Django and of its libraries that are refused here, because they would leave no evidence."""

from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError


class Refused(BaseCommand):
    """Stands before the class that is refused, whose arguments are still taken. `help` says what to do instead."""

    def handle(self, *_: Any, **options: Any) -> NoReturn:
        """Raise CommandError with that sentence."""
        raise CommandError(self.help)
