"""Source networks as DescribeSourceNetworks shows them."""

from typing import Any

from drsorch.simulator.records import SourceNetwork


def source_network(network: SourceNetwork, now: float) -> dict[str, Any]:
    """One network; what has never been recovered has no stack, VPC or job."""
    document: dict[str, Any] = {
        "sourceNetworkID": network.id,
        "sourceVpcID": network.vpc_id,
        "arn": network.arn,
        "tags": dict(network.tags),
        "replicationStatus": _status(network, now),
        "replicationStatusDetails": "",
        "sourceRegion": network.origin_region,
        "sourceAccountID": network.origin_account,
        "lastRecovery": {"lastRecoveryResult": network.recovery_result},
    }
    if network.recovery_job_id is not None:
        document["lastRecovery"] |= {"apiCallDateTime": network.recovery_called_at, "jobID": network.recovery_job_id}
    if network.stack_name is not None:
        document["cfnStackName"] = network.stack_name
    if network.launched_vpc_id is not None:
        document["launchedVpcID"] = network.launched_vpc_id
    return document


def _status(network: SourceNetwork, now: float) -> str:
    if network.protected_at is None:
        return "STOPPED"
    return "PROTECTED" if network.protected_at <= now else "IN_PROGRESS"
