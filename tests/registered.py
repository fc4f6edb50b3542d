"""The target account as every test finds it: asked of the local endpoint once, written down from memory after that."""

from copy import copy
from dataclasses import dataclass

from django.utils import timezone

from protection import services as protection
from protection.models import AccountRegion, ServerTag, SourceServer
from tests import factories

ASKED = ("is_initialized", "last_synced_at", "quotas", "quotas_read_at")


@dataclass
class Known:
    """What the endpoint said of a fresh world: the same to every test that asks."""

    places: list[AccountRegion]
    servers: list[SourceServer]
    tags: list[ServerTag]

    @classmethod
    def of(cls, account):
        """What the database has of an account that was validated and synchronised."""
        places, servers = list(account.regions.all()), list(account.servers.all())
        return cls(places, servers, list(ServerTag.objects.filter(server__account=account)))

    def again(self, actor):
        """The account registered anew, with what the endpoint would say of it."""
        account = protection.register_account(actor=actor, **factories.described())
        now = timezone.now()
        account.status, account.validated_at = "VALID", now
        account.save(update_fields=["status", "validated_at"])
        for place in self.places:
            said = {name: getattr(place, name) for name in ASKED} | {"last_synced_at": now, "quotas_read_at": now}
            account.regions.filter(region=place.region).update(**said)
        rows = {server.pk: _for(server, account=account, synced_at=now) for server in self.servers}
        SourceServer.objects.bulk_create(rows.values())
        ServerTag.objects.bulk_create(_for(tag, server=rows[tag.server_id]) for tag in self.tags)
        return account


def _for(row, **changes):
    """A copy of a row that is not in the database yet."""
    other = copy(row)
    other._state = copy(row._state)
    other._state.adding, other._state.fields_cache, other.pk = True, {}, None
    for name, value in changes.items():
        setattr(other, name, value)
    return other
