"""Doors for django-q2."""

from drsorch.audit import retention
from drsorch.config.services import current_settings
from drsorch.queue.enqueue import enqueue


def close_audit_segments() -> None:
    """Let the events that are kept no longer leave the table; when there are more than fit into one task, go on.

    It stands here because the audit trail knows no settings: it is told since when events are kept. Safe to run twice,
    or late.
    """
    if not retention.close_segments(since=current_settings().kept_since("audit_days")):
        enqueue("drsorch.config.tasks.close_audit_segments")
