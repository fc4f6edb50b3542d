"""The console app."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Lives below drsorch, known to migrations as "console"."""

    name = "drsorch.console"
    label = "console"
