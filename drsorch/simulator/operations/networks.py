"""Source networks: what they replicate, and the VPC that a recovery of one deploys."""

from typing import Any

from moto.ec2.models import ec2_backends

from drsorch.simulator.documents.jobs import job_document
from drsorch.simulator.documents.networks import source_network
from drsorch.simulator.errors import conflict, invalid, not_found
from drsorch.simulator.operations.admission import new_job, refuse_over_quota
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.pages import page_of
from drsorch.simulator.quotas import CONCURRENT_JOBS
from drsorch.simulator.records import SourceNetwork
from drsorch.simulator.timeline import network_steps

PROTECTED_AFTER = 300.0


def describe_source_networks(call: Call) -> dict[str, Any]:
    """The source networks that pass every filter."""
    filters = call.filters
    ids = filters.get("sourceNetworkIDs")
    found = [
        network
        for network in call.backend.networks.values()
        if (not ids or network.id in ids)
        and filters.get("originAccountID", network.origin_account) == network.origin_account
        and filters.get("originRegion", network.origin_region) == network.origin_region
    ]
    return page_of(call, found, lambda network: source_network(network, call.now))


def start_source_network_replication(call: Call) -> dict[str, Any]:
    """Protect a stopped network; it is PROTECTED some minutes later."""
    network = _find(call)
    if network.protected_at is not None:
        raise conflict(f"Source network {network.id} replicates already", network.id, "SourceNetwork")
    network.protected_at = call.now + PROTECTED_AFTER
    call.backend.stay_busy_until(network.protected_at)
    return {"sourceNetwork": source_network(network, call.now)}


def stop_source_network_replication(call: Call) -> dict[str, Any]:
    """Protect a network no more."""
    network = _find(call)
    if network.protected_at is None:
        raise conflict(f"Source network {network.id} is stopped already", network.id, "SourceNetwork")
    network.protected_at = None
    return {"sourceNetwork": source_network(network, call.now)}


def start_source_network_recovery(call: Call) -> dict[str, Any]:
    """Deploy a VPC for each network as one job. No ResourceNotFound is declared: an unknown one is a conflict."""
    wanted = {entry["sourceNetworkID"]: entry.get("cfnStackName") for entry in call.params["sourceNetworks"]}
    if len(wanted) < len(call.params["sourceNetworks"]):
        problem = "names a source network twice"
        raise invalid(f"sourceNetworks {problem}", ("sourceNetworks", problem))
    for network_id in wanted:
        network = call.backend.networks.get(network_id)
        if network is None:
            raise conflict(f"Source network {network_id} does not exist", network_id, "SourceNetwork")
        if network.recovery_result == "IN_PROGRESS":
            raise conflict(f"Source network {network_id} is being recovered", network_id, "SourceNetwork")
    refuse_over_quota(call, CONCURRENT_JOBS, len(call.backend.live_jobs()) + 1)
    is_first = call.params.get("deployAsNew", False) or not any(
        call.backend.networks[network_id].launched_vpc_id for network_id in wanted
    )
    job = new_job(call, "LAUNCH", "CREATE_NETWORK_RECOVERY" if is_first else "UPDATE_NETWORK_RECOVERY", [])
    job.networks = dict.fromkeys(wanted, "PENDING")
    ec2_backends[call.place.account][call.place.region]  # made now, so that its default VPC does not look recovered
    for network_id, stack in wanted.items():
        network = call.backend.networks[network_id]
        network.stack_name = stack or network.stack_name or f"drs-{network_id}"
        network.recovery_called_at, network.recovery_job_id = call.now, job.id
        network.recovery_result = "IN_PROGRESS"
    call.backend.add_job(job, network_steps(list(wanted), is_first=is_first))
    return {"job": job_document(job, call.settings.visibility)}


def _find(call: Call) -> SourceNetwork:
    network_id = call.params["sourceNetworkID"]
    network = call.backend.networks.get(network_id)
    if network is None:
        raise not_found(f"Source network {network_id} does not exist", network_id, "SourceNetwork")
    return network
