"""The access app."""

from importlib import import_module

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Lives below drsorch, known to migrations as "access"."""

    name = "drsorch.access"
    label = "access"

    def ready(self) -> None:
        """Load what begins the time of a session, so that no sign-in is without it."""
        import_module("drsorch.access.sessions")
