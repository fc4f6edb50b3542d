"""The plans app."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    """What we intend: recovery plans and their waves."""

    name = "plans"
