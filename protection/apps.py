"""The protection app."""

from django.apps import AppConfig


class ProtectionConfig(AppConfig):
    """What we protect: accounts, source servers, protection groups."""

    name = "protection"
