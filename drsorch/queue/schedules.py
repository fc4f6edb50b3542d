"""Periodic tasks: rows of django-q2's Schedule, kept equal to settings.QUEUE_SCHEDULES."""

from collections.abc import Iterable, Mapping

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django_q.models import Schedule


def ensure_schedules(wanted: Iterable[Mapping[str, object]]) -> None:
    """Create or correct one Schedule per entry of `wanted`, found by name. Safe to run by several workers at once.

    An entry has a `name`, a `func` (dotted) and the `minutes` between two runs. When a schedule runs next is left
    alone, and so are schedules with other names.
    """
    lock = ContentType.objects.get_for_model(Schedule)
    with transaction.atomic():
        # Schedule.name is not unique, so two workers that start together would both insert. They queue here instead,
        # for the one row that every database has about this table (SQLite admits one writer at a time anyway).
        ContentType.objects.select_for_update(no_key=True).get(pk=lock.pk)
        for entry in wanted:
            _ensure(entry)


def _ensure(entry: Mapping[str, object]) -> None:
    values = {"func": entry["func"], "schedule_type": Schedule.MINUTES, "minutes": entry["minutes"], "repeats": -1}
    existing = list(Schedule.objects.filter(name=entry["name"]).order_by("pk").values_list("pk", flat=True))
    if not existing:
        Schedule.objects.create(name=entry["name"], **values)
        return
    Schedule.objects.filter(pk=existing[0]).update(**values)
    Schedule.objects.filter(pk__in=existing[1:]).delete()
