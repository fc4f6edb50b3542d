"""The one way to ring for work: a row in the broker's table, written with the change that asks for it."""

from datetime import timedelta

from django.utils import timezone
from django_q.conf import Conf
from django_q.humanhash import uuid
from django_q.models import OrmQ
from django_q.signing import SignedPackage

Argument = str | int | float | bool | None
# Rows of the second key wait while there are ready ones of the first; django-q2's own schedules use the first.
FIRST, LATER = Conf.CLUSTER_NAME, f"{Conf.CLUSTER_NAME}-later"


def enqueue(task: str, *args: Argument, delay: float = 0.0, later: bool = False) -> None:
    """Ask for `task(*args)` in `delay` seconds, as part of the caller's transaction: no commit, no task.

    `task` is the dotted name of a function. It may run twice, late or never: this is a doorbell, so what it is about
    must be in the database before. Arguments are ids and words, never objects or secrets: they stay readable in the
    table. The worker takes a row when its `lock` lies in the past, so a lock in the future is a delay (django-q2
    itself offers schedules by the minute only); `later` lets everything pass that is ready and was enqueued without it.
    Raises ValueError for a name without a module or a negative delay.
    """
    if "." not in task:
        raise ValueError(f"{task!r} is not the dotted name of a task. Write it as package.module.function.")
    if delay < 0:
        raise ValueError(f"A task cannot be due {-delay} seconds ago. Give a delay of 0 or more seconds.")
    now = timezone.now()
    OrmQ.objects.using(Conf.ORM).create(
        key=LATER if later else FIRST, payload=signed(task, args), lock=now + timedelta(seconds=delay)
    )


def signed(task: str, args: tuple[Argument, ...]) -> str:
    """Return the payload that django-q2's own async_task would have written for `task` and `args`."""
    name, identifier = uuid()
    package = {
        "id": identifier,
        "name": name,
        "func": task,
        "args": args,
        "ack_failure": True,
        "kwargs": {},
        "started": timezone.now(),
    }
    payload: str = SignedPackage.dumps(package)
    return payload
