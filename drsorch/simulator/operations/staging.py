"""Extended source servers: servers of a staging account that another account recovers."""

from typing import Any

from drsorch.simulator import dice
from drsorch.simulator.backend import DrsBackend, drs_backends, new_job_id
from drsorch.simulator.documents.replication_configuration import replication_configuration
from drsorch.simulator.documents.servers import source_server
from drsorch.simulator.errors import AwsError, denied, invalid, not_found
from drsorch.simulator.operations.admission import busy_error, refuse_over_quota
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.pages import page_of
from drsorch.simulator.quotas import SOURCE_SERVERS
from drsorch.simulator.records import Job, SourceServer
from drsorch.simulator.timeline import conversion_steps


def list_staging_accounts(call: Call) -> dict[str, Any]:
    """The accounts of those servers that are extended already; one that only could be is not among them."""
    accounts = {server.staging_arn.split(":")[4] for server in call.backend.servers.values() if server.staging_arn}
    return page_of(call, sorted(accounts), lambda account: {"accountID": account}, "accounts")


def list_extensible_source_servers(call: Call) -> dict[str, Any]:
    """The servers of a staging account that are neither extended into this account nor extensions themselves."""
    staging = _staging_backend(call, call.params["stagingAccountID"])
    extended = {server.staging_arn for server in call.backend.servers.values()}
    # The other account's lock is not taken, so that two calls never wait for each other; a copied list is enough.
    found = [
        server for server in list(staging.servers.values()) if not server.staging_arn and server.arn not in extended
    ]
    return page_of(
        call,
        found,
        lambda server: {"hostname": server.description.hostname, "arn": server.arn, "tags": dict(server.tags)},
    )


def create_extended_source_server(call: Call) -> dict[str, Any]:
    """Extend a staging account's server into this account; it must be encrypted with a key of the customer's own."""
    arn = call.params["sourceServerArn"]
    staged = _staged(call, arn)
    if any(server.staging_arn == arn for server in call.backend.servers.values()):
        problem = "is extended into this account already"
        raise invalid(f"{arn} {problem}", ("sourceServerArn", problem))
    account, region = arn.split(":")[4], call.place.region
    if replication_configuration(staged, account, region)["ebsEncryption"] != "CUSTOM":
        problem = "is encrypted with the default EBS key, which other accounts cannot use"
        raise invalid(f"{arn} {problem}", ("sourceServerArn", problem))
    refuse_over_quota(call, SOURCE_SERVERS, len(call.backend.servers) + 1)
    server_id = f"s-{dice.hex_digits(17)}"
    extended = SourceServer(
        id=server_id,
        arn=call.backend.arn("source-server", server_id),
        description=staged.description,
        seed=staged.seed,
        added_at=call.now,
        broken_at=staged.broken_at,
        tags={**staged.tags, **call.params.get("tags", {})},
        staging_arn=arn,
    )
    call.backend.servers[server_id] = extended
    return {"sourceServer": source_server(extended, call.place.account, region, call.now)}


def convert_in_staging(call: Call, servers: list[SourceServer]) -> None:
    """Start the job that converts the snapshot of each extended server in its staging account.

    Raises ConflictException when the staged server is in a job there; nothing was started then.
    """
    extended = [server for server in servers if server.staging_arn]
    staged = [_staged(call, str(server.staging_arn)) for server in extended]
    backends = [_staging_backend(call, str(server.staging_arn).split(":")[4]) for server in extended]
    for backend, server in zip(backends, staged, strict=True):
        if server.id in backend.busy:
            raise busy_error(server.id, backend.busy[server.id])
    for backend, server in zip(backends, staged, strict=True):
        job_id = new_job_id()
        arn = backend.arn("job", job_id)
        participants = {server.id: "PENDING"}
        job = Job(job_id, arn, "CREATE_CONVERTED_SNAPSHOT", "TARGET_ACCOUNT", call.now, call.now, {}, participants)
        backend.send(call.now, None, job, *conversion_steps(server.id, server.seed))


def _staged(call: Call, arn: str) -> SourceServer:
    staging = _staging_backend(call, arn.split(":")[4])
    server = staging.servers.get(arn.rpartition("/")[2])
    if server is None or server.arn != arn or server.staging_arn:
        raise not_found(f"Source server {arn} does not exist or is itself an extension", arn[:1024], "SourceServer")
    return server


def _staging_backend(call: Call, account: str) -> DrsBackend:
    """The staging account's DRS. Raises AccessDeniedException unless it lets this account in."""
    backend = drs_backends[account].get(call.place.region) if account in drs_backends else None
    if backend is None or call.place.account not in backend.extends_to:
        raise denied(f"Account {account} does not let account {call.place.account} extend its source servers")
    if not backend.is_initialized:
        raise AwsError("UninitializedAccountException", f"Account {account} is not initialized in {call.place.region}")
    return backend
