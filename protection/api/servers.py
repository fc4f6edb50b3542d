"""Endpoints of source servers: the inventory. No AWS."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from drsorch.errors import Invalid, NotFound
from protection import holds
from protection.models import SourceServer
from protection.serializers.servers import OneServerQuery, ServerAnswer, ServerQuery

VIEW = Permission.VIEW_RESOURCES
IGNORED = ("assigned", "search")  # parameters that are no lookups
FEW = 500  # servers of a search that are named in the questions after it
EXAMPLE = {
    "sourceServerId": "s-0a1b2c3d4e5f60718",
    "accountId": "222222222222",
    "region": "us-east-1",
    "name": "billing-db-1",
    "hostname": "billing-db-1",
    "fqdn": "billing-db-1.corp.example",
    "ips": ["192.168.10.21"],
    "os": "Red Hat Enterprise Linux 8.9",
    "cpus": 4,
    "ramBytes": 17179869184,
    "disks": [{"device": "/dev/sda1", "bytes": 107374182400}],
    "recommendedInstanceType": "m5.xlarge",
    "originInstanceId": "",
    "replicationState": "CONTINUOUS",
    "isLaunchable": True,
    "lagSeconds": 0,
    "backlogBytes": 0,
    "lastSeenAt": "2026-03-01T12:04:40Z",
    "stalledReason": "",
    "recoveryInstanceId": "",
    "agentVersion": "5.2.0",
    "stagingAccountId": "",
    "tags": {"Application": "billing", "DR-Priority": "1"},
    "groupId": "7",
    "groupName": "Billing databases",
    "hold": {
        "executionId": "5b0c7f8e-3d5d-4f0e-9a51-0d8f6f8b2c11",
        "label": "Drill of Billing (5b0c7f8e)",
        "executionType": "DRILL",
        "since": "2026-03-01T12:00:00Z",
    },
    "syncedAt": "2026-03-01T12:05:00Z",
    "missingSince": None,
}


class ServerViewSet(ApiViewSet):
    """Source servers."""

    tag = "DRS"

    @endpoint(VIEW, query=ServerQuery, answer=ServerAnswer, is_list=True, usual_order="name", example=EXAMPLE)
    def list(self) -> Any:
        """List the source servers with what they are assigned to. What DRS showed last, and when: no AWS."""
        rows = SourceServer.objects.for_list()
        if "assigned" in self.query:
            # As a value of each row: else the groups would be joined before the rows are in their order.
            is_in_one = Case(When(group=None, then=Value(False)), default=Value(True))
            rows = rows.filter(is_in_one if self.query["assigned"] else Q(group=None))
        for key, value in self.query.get("tags", {}).items():
            rows = rows.filter(tags__key=key, tags__value=value)
        if "search" in self.query:
            rows = self._searched(rows, self.query["search"])
        page = self.page(rows, ignored=IGNORED)
        self._veil(page.items)
        return page

    def _searched(self, rows: "QuerySet[SourceServer]", wanted: str) -> Any:
        """Return those with `wanted` in the name or in the id. Few are looked up once, for their page and their number.

        Every name has to be looked at: an index knows only how names begin.
        """
        found = rows.filter(Q(hostname__icontains=wanted) | Q(source_server_id__contains=wanted))
        keys = list(self.narrowed(found, ignored=IGNORED).order_by().values_list("pk", flat=True)[: FEW + 1])
        return rows.filter(pk__in=keys) if len(keys) <= FEW else found

    @endpoint(VIEW, query=OneServerQuery, answer=ServerAnswer, example=EXAMPLE)
    def retrieve(self, server_id: str) -> Any:
        """Get one source server by its DRS id. accountId and region tell several of that id apart."""
        return self.named(server_id)

    def named(self, server_id: str) -> SourceServer:
        """Return the one server in sight that has the id. Raises NotFound, and Invalid when there are several."""
        named = SourceServer.objects.for_list().filter(source_server_id=server_id, **self.query)
        found = list(self.scoped(named)[:2])
        if not found:
            raise NotFound("There is no such source server, or you may not see it.")
        if len(found) > 1:
            raise Invalid("Several accounts or Regions have a server of that id. Name the accountId and the region.")
        self._veil(found)
        return found[0]

    def _veil(self, servers: Iterable[SourceServer]) -> None:
        holds.veil((server.hold for server in servers if hasattr(server, "hold")), self.actor)
