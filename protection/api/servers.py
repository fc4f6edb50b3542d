"""Endpoints of source servers: the inventory. No AWS."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from drsorch.errors import Invalid, NotFound
from protection import holds
from protection.models import SourceServer
from protection.serializers.servers import OneServerQuery, ServerAnswer, ServerQuery

VIEW = Permission.VIEW_RESOURCES


class ServerViewSet(ApiViewSet):
    """Source servers."""

    tag = "DRS"

    @endpoint(VIEW, query=ServerQuery, answer=ServerAnswer, is_list=True, usual_order="name")
    def list(self) -> Any:
        """List the source servers with what they are assigned to. What DRS showed last, and when: no AWS."""
        rows = SourceServer.objects.for_list()
        if "assigned" in self.query:
            rows = rows.filter(group__isnull=not self.query["assigned"])
        if "search" in self.query:
            wanted = self.query["search"]
            rows = rows.filter(Q(hostname__icontains=wanted) | Q(source_server_id__icontains=wanted))
        for key, value in self.query.get("tags", {}).items():
            rows = rows.filter(tags__key=key, tags__value=value)
        page = self.page(rows, ignored=("assigned", "search"))
        self._veil(page.items)
        return page

    @endpoint(VIEW, query=OneServerQuery, answer=ServerAnswer)
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
