"""Doors for django-q2."""

from drsorch.api import idempotency


def forget_old_answers() -> None:
    """Delete the answers that are kept no longer. Safe to run twice, or late."""
    idempotency.forget_old_answers()
