"""How long a piece of work may ask AWS: a task must come to its end before the queue ends it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# A request that is sent in the last moment may take its whole time-out (13 s, or 35 s for one that is sent once), and
# a task is ended after 60 s.
TASK_SECONDS = 20.0

_ends_at: ContextVar[float] = ContextVar("drsorch_aws_budget", default=float("inf"))


@contextmanager
def budget(seconds: float = TASK_SECONDS) -> Iterator[None]:
    """Send requests to AWS, also further pages and tries, only within the next `seconds`: later ones are refused."""
    token = _ends_at.set(min(_ends_at.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends_at.reset(token)


def left() -> float:
    """Return the seconds in which requests may still be sent; infinite outside a budget."""
    return _ends_at.get() - time.monotonic()
