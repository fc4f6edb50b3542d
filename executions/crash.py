"""The points of a tick and a poll at which a process may die. Each has a test that dies there."""

import logging
import os
import random
import signal
from collections.abc import Callable

from django.conf import settings

logger = logging.getLogger(__name__)

POINTS = (
    "tick claimed",
    "intent committed",
    "call answered",
    "inside the record",
    "record committed",
    "before release",
    "poll claimed",
    "poll answered",
    "inside the poll record",
    "poll recorded",
    "place surveyed",
)


def _die_at_random(point: str) -> None:
    """Die for real, now and then, when a test rig asked for it in the environment (settings refuse it elsewhere)."""
    if settings.ENGINE_CRASH_PROBABILITY and random.random() < settings.ENGINE_CRASH_PROBABILITY:  # noqa: S311
        logger.warning("Dying on purpose at %r.", point)
        os.kill(os.getpid(), signal.SIGKILL)


hook: Callable[[str], None] = _die_at_random


def point(name: str) -> None:
    """Pass the point `name`, one of POINTS."""
    hook(name)
