"""Doors for django-q2. No rules here: call the engine, the poller or the sweep, and stop."""

from drsorch.queue.enqueue import enqueue
from executions import engine, retention
from executions import poll as polling
from executions import sweep as sweeping


def tick(execution_id: str) -> None:
    """Move one execution as far as it will go now. Safe to run twice, or late."""
    engine.advance(execution_id)


def poll(poller_id: int) -> None:
    """Ask DRS once about all live jobs of one account and Region. Safe to run twice, or late."""
    polling.poll(poller_id)


def sweep() -> None:
    """Ring again for everything that is overdue by the database."""
    sweeping.sweep()


def apply_retention() -> None:
    """Delete history that is kept no longer; when there is more than fits into one task, go on with another."""
    if not retention.apply_retention():
        enqueue("executions.tasks.apply_retention")
