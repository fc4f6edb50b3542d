"""The access app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Lives below drsorch, known to migrations as "access"."""

    name = "drsorch.access"
    label = "access"
