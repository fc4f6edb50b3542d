"""The queue app."""

from django.apps import AppConfig


class QueueConfig(AppConfig):
    """Lives below drsorch, known to migrations as "queue"."""

    name = "drsorch.queue"
    label = "queue"
