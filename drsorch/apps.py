"""The project package as an app: its commands and system checks."""

from django.apps import AppConfig

from drsorch import checks  # noqa: F401 (importing registers the checks)


class DrsorchConfig(AppConfig):
    """Brings the commands and the checks of the installation."""

    name = "drsorch"
