"""Doors for django-q2. No rules here: find the row, call the inventory, stop."""

from django.db import transaction

from drsorch.queue.enqueue import enqueue
from protection import inventory
from protection.models import AccountRegion

# The queue is shared with the engine: a hundred Regions at once would keep its ticks waiting.
APART_SECONDS = 0.5


@transaction.atomic
def sync_inventory() -> None:
    """Ask for a synchronisation of every enabled Region, each on its own so that none waits for another."""
    for number, pk in enumerate(AccountRegion.objects.filter(is_enabled=True).values_list("pk", flat=True)):
        enqueue("protection.tasks.sync_region", pk, delay=number * APART_SECONDS, later=True)


def sync_region(pk: int) -> None:
    """Synchronise one Region. Safe to run twice, or late. Who asks from now on is not answered by this look."""
    AccountRegion.objects.filter(pk=pk).update(sync_asked_at=None)
    place = AccountRegion.objects.select_related("account").filter(pk=pk, is_enabled=True).first()
    if place is not None:
        inventory.sync_region(place)
