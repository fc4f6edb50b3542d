"""The executions app."""

from django.apps import AppConfig


class ExecutionsConfig(AppConfig):
    """What happens: drills and recoveries."""

    name = "executions"
