"""Doors for django-q2."""

from drsorch.audit import anchor


def move_anchor() -> None:
    """Anchor what was written since the anchor was moved last: the event after which nothing came."""
    anchor.write()
