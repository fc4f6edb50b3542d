"""The API's own app: it keeps the answers that may be asked for again."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Lives below drsorch, known to migrations as "api"."""

    name = "drsorch.api"
    label = "api"
