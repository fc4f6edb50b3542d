"""What a described Region holds beside its source servers: templates, networks, and who may extend its servers."""

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from drsorch.simulator.documents.replication_configuration import replication_settings
from drsorch.simulator.launch_templates import INHERITED, default_settings
from drsorch.simulator.records import SourceNetwork
from drsorch.simulator.worlds.description import AccountDescription, NetworkDescription, RegionDescription

if TYPE_CHECKING:
    from drsorch.simulator.backend import DrsBackend


def furnish(backend: "DrsBackend", account: AccountDescription, region: RegionDescription) -> None:
    """Put them into a fresh backend. Their ids depend on account, Region and position alone."""
    backend.extends_to = frozenset(account.extends_to)
    if account.extends_to:
        len(backend.servers)  # made now: other accounts read them without this backend's lock
    if region.has_templates:
        _add_templates(backend)
    for number, network in enumerate(region.networks):
        found = _network(backend, network, _digits(backend, "network", number))
        backend.networks[found.id] = found


def _add_templates(backend: "DrsBackend") -> None:
    launch_id, replication_id = f"lct-{_digits(backend, 'lct')}", f"rct-{_digits(backend, 'rct')}"
    inherited: dict[str, Any] = {name: value for name, value in default_settings().items() if name in INHERITED}
    backend.launch_templates[launch_id] = {
        "launchConfigurationTemplateID": launch_id,
        "arn": backend.arn("launch-configuration-template", launch_id),
        "tags": {},
        **inherited,
        "launchIntoSourceInstance": False,
    }
    backend.replication_templates[replication_id] = {
        "replicationConfigurationTemplateID": replication_id,
        "arn": backend.arn("replication-configuration-template", replication_id),
        "tags": {},
        **replication_settings(backend.account_id, backend.region_name),
    }


def _network(backend: "DrsBackend", network: NetworkDescription, digits: str) -> SourceNetwork:
    network_id = f"sn-{digits}"
    return SourceNetwork(
        id=network_id,
        arn=backend.arn("source-network", network_id),
        vpc_id=f"vpc-{digits[::-1]}",
        cidr=network.cidr,
        origin_account=backend.account_id,
        origin_region=network.origin_region,
        tags={"Name": network.name},
        protected_at=0.0,
    )


def _digits(backend: "DrsBackend", *parts: object) -> str:
    place = (backend.account_id, backend.region_name, *parts)
    return sha256("/".join(map(str, place)).encode()).hexdigest()[:17]
