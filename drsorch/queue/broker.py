"""django-q2's ORM broker, made to outlast a database that is locked or away, and quick while work comes."""

import logging
from time import monotonic, sleep

from django.db import DatabaseError, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf

from drsorch.queue.enqueue import FIRST, LATER

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds before the table is read again after an error
# Tasks come in chains: a poll that has seen the end of a job wakes the execution, whose next wave should not wait.
AWAKE = 1.0  # seconds after a task was taken in which the next one is likely
AWAKE_POLL = 0.02  # seconds between two looks then


class PatientBroker(ORM):
    """Reports database errors and goes on, where the original ends the process that met one.

    The end of a process restarts the whole worker group and cuts the AWS calls of every other task.
    """

    taken_at = float("-inf")

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Return the next ready task, or None when there is none or the table cannot be read now."""
        try:
            taken = self.take()
        except DatabaseError as error:
            logger.error("The queue cannot be read (%s). The worker tries again in %g s.", error, PAUSE)
            connections[Conf.ORM].close()
            sleep(PAUSE)
            return None
        if taken:
            self.taken_at = monotonic()
            return taken
        is_awake = monotonic() - self.taken_at < AWAKE
        sleep(min(AWAKE_POLL, Conf.POLL) if is_awake else Conf.POLL)
        return None

    def take(self) -> list[tuple[int, str]]:
        """Take what is ready: what is to pass all others, then what has been ready longest.

        The original knows no order, and sleeps here, always equally long.
        """
        rows = self.get_connection()
        ready = rows.filter(key__in=(FIRST, LATER), lock__lt=timezone.now()).order_by("key", "lock")[: Conf.BULK]
        return [
            (row.pk, row.payload)
            for row in ready
            if rows.filter(pk=row.pk, lock=row.lock).update(lock=self.timeout(row))
        ]

    def delete(self, task_id: int) -> None:
        """Delete a done task; when that fails it comes again after Q_CLUSTER["retry"] seconds, which tasks allow."""
        try:
            super().delete(task_id)
        except DatabaseError as error:
            logger.error("Task %s is done but still queued (%s). It will run again.", task_id, error)
            connections[Conf.ORM].close()
