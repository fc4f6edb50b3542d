"""The audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Lives below drsorch, known to migrations as "audit"."""

    name = "drsorch.audit"
    label = "audit"
