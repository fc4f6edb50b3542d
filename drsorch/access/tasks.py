"""Doors for django-q2. No rules here."""

from django.contrib.sessions.backends.db import SessionStore


def forget_ended_sessions() -> None:
    """Delete the sessions that are over. Safe to run twice, or late."""
    SessionStore.clear_expired()
