"""The config app."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Lives below drsorch, known to migrations as "config"."""

    name = "drsorch.config"
    label = "config"
    verbose_name = "Configuration"
