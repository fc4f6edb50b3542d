"""Doors for django-q2."""

from drsorch.audit import anchor, retention


def move_anchor() -> None:
    """Anchor what was written since the anchor was moved last: the event after which nothing came."""
    anchor.write()


def close_segments() -> None:
    """Let the events that are older than the retention leave the table. Safe to run twice, or late."""
    retention.close_segments(since=retention.kept_since())
