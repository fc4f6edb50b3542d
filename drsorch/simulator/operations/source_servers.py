"""DescribeSourceServers."""

from typing import Any

from drsorch.simulator.documents.servers import identification, source_server
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.pages import page_of
from drsorch.simulator.records import SourceServer


def describe_source_servers(call: Call) -> dict[str, Any]:
    """The source servers that pass every filter. Ids that do not exist are left out without an error."""
    filters = call.filters
    servers = [server for server in call.backend.servers.values() if _passes(server, filters, call)]
    return page_of(call, servers, lambda server: source_server(server, call.place.account, call.place.region, call.now))


def _passes(server: SourceServer, filters: dict[str, Any], call: Call) -> bool:
    ids, staging = filters.get("sourceServerIDs"), filters.get("stagingAccountIDs")
    if ids and server.id not in ids:
        return False
    if staging and _staging_account(server, call.place.account) not in staging:
        return False
    return "hardwareId" not in filters or filters["hardwareId"] == identification(server)["awsInstanceID"]


def _staging_account(server: SourceServer, account: str) -> str:
    return server.staging_arn.split(":")[4] if server.staging_arn else account
