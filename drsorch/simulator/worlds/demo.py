"""World `demo`: a hub and two accounts that protect three applications in three Regions, with some everyday trouble."""

from dataclasses import dataclass, field, replace
from typing import Any

from drsorch.simulator.worlds.description import (
    AccountDescription,
    NetworkDescription,
    RegionDescription,
    ServerDescription,
    World,
)
from drsorch.simulator.worlds.hub import hub_account

FINANCE_ID = "222222222222"
INSURANCE_ID = "333333333333"
FINANCE_EXTERNAL_ID = "drsorch-finance-7f3a"
INSURANCE_EXTERNAL_ID = "drsorch-insurance-c41e"
STAGING_ID = "444444444444"
STAGING_EXTERNAL_ID = "drsorch-staging-95d0"
STAGING_KEY = f"arn:aws:kms:us-east-1:{STAGING_ID}:key/0d6c3f5e-7a51-4b0e-9d0f-2f1a6c9b8e44"

RHEL = "Red Hat Enterprise Linux release 8.9 (Ootpa)"
UBUNTU = "Ubuntu 22.04.4 LTS"
WINDOWS = "Microsoft Windows Server 2019 Datacenter"
SIZES: dict[str, dict[str, Any]] = {
    "small": {"cores": 2, "memory_gib": 8, "disks_gib": (40,), "instance_type": "m5.large"},
    "medium": {"cores": 4, "memory_gib": 16, "disks_gib": (60, 120), "instance_type": "m5.xlarge"},
    "large": {"cores": 8, "memory_gib": 64, "disks_gib": (80, 500, 500), "instance_type": "r5.2xlarge"},
}


@dataclass(frozen=True)
class Tier:
    """Some servers of one application that do the same work. `trouble` is position -> what differs from healthy."""

    name: str
    count: int
    operating_system: str
    size: str
    priority: int
    trouble: dict[int, dict[str, Any]] = field(default_factory=dict)


def build() -> World:
    """Billing is healthy throughout, so that the first drill succeeds; Claims and HR portal have their problems."""
    return World(
        "demo",
        (
            hub_account("Shared services", (RegionDescription("us-east-1", _hr_portal() + _forgotten_servers()),)),
            AccountDescription(
                FINANCE_ID,
                "Finance production",
                (
                    RegionDescription(
                        "us-east-1",
                        _billing_america(),
                        has_templates=True,
                        networks=(NetworkDescription("billing", "10.20.0.0/16", "us-east-2"),),
                    ),
                    RegionDescription("eu-west-1", _billing_europe()),
                ),
                external_id=FINANCE_EXTERNAL_ID,
                origin_regions=("us-east-2", "eu-central-1"),
            ),
            AccountDescription(
                INSURANCE_ID,
                "Insurance production",
                (
                    RegionDescription("us-west-2", _claims_america()),
                    RegionDescription("eu-west-1", _claims_europe()),
                    RegionDescription("us-east-1", is_initialized=False),
                ),
                external_id=INSURANCE_EXTERNAL_ID,
                origin_regions=("us-west-1", "eu-central-1"),
            ),
            AccountDescription(
                STAGING_ID,
                "Finance staging",
                (RegionDescription("us-east-1", _ledger()),),
                external_id=STAGING_EXTERNAL_ID,
                extends_to=(FINANCE_ID,),
            ),
        ),
    )


def _billing_america() -> tuple[ServerDescription, ...]:
    tiers = [
        Tier("db", 3, RHEL, "large", 1),
        Tier("app", 4, RHEL, "medium", 2),
        Tier("web", 4, UBUNTU, "small", 3),
    ]
    return _servers("Billing", "bil-use1", "10.20.1", "us-east-2", tiers)


def _billing_europe() -> tuple[ServerDescription, ...]:
    tiers = [
        Tier("db", 2, RHEL, "large", 1),
        Tier("app", 2, RHEL, "medium", 2),
        Tier("web", 2, UBUNTU, "small", 3),
    ]
    return _servers("Billing", "bil-euw1", "10.20.2", "eu-central-1", tiers)


def _claims_america() -> tuple[ServerDescription, ...]:
    tiers = [
        Tier("db", 3, WINDOWS, "large", 1, {2: {"lag_seconds": 18 * 60}}),
        Tier("mq", 1, RHEL, "medium", 1),
        Tier("app", 4, WINDOWS, "medium", 2, {3: {"replication": "STALLED"}}),
        Tier("web", 3, UBUNTU, "small", 3),
    ]
    return _servers("Claims", "clm-usw2", "10.30.1", "us-west-1", tiers)


def _claims_europe() -> tuple[ServerDescription, ...]:
    tiers = [
        Tier("db", 1, WINDOWS, "large", 1, {0: {"replication": "BACKLOG", "lag_seconds": 42 * 60}}),
        Tier("app", 2, WINDOWS, "medium", 2),
        Tier("web", 1, UBUNTU, "small", 3),
    ]
    return _servers("Claims", "clm-euw1", "10.30.2", "eu-central-1", tiers)


def _ledger() -> tuple[ServerDescription, ...]:
    """Staged for Finance. One can be extended; the other is encrypted with a key that no other account can use."""
    tiers = [Tier("app", 2, RHEL, "medium", 2, {0: {"encryption_key": STAGING_KEY}})]
    return _servers("Ledger", "led-use1", "10.40.1", "us-east-2", tiers)


def _hr_portal() -> tuple[ServerDescription, ...]:
    tiers = [
        Tier("db", 1, RHEL, "medium", 2),
        Tier("app", 2, UBUNTU, "small", 3),
        Tier("web", 2, UBUNTU, "small", 3),
        Tier("files", 1, WINDOWS, "medium", 3, {0: {"replication": "INITIAL_SYNC", "lag_seconds": 9 * 3600}}),
    ]
    return _servers("HR portal", "hrp-use1", "10.10.1", "us-east-2", tiers)


def _forgotten_servers() -> tuple[ServerDescription, ...]:
    """Nobody tagged these, and one has not been heard of since yesterday."""
    build_server = ServerDescription("build-07", UBUNTU, "10.10.9.7", {}, origin_region="us-east-2")
    return build_server, replace(
        build_server,
        hostname="legacy-print01",
        address="10.10.9.31",
        operating_system=WINDOWS,
        replication="DISCONNECTED",
    )


def _servers(
    application: str, prefix: str, network: str, origin_region: str, tiers: list[Tier]
) -> tuple[ServerDescription, ...]:
    servers = []
    for row, tier in enumerate(tiers):
        for number in range(tier.count):
            hostname = f"{prefix}-{tier.name}{number + 1:02d}"
            healthy = ServerDescription(
                hostname=hostname,
                operating_system=tier.operating_system,
                address=f"{network}.{10 * row + 11 + number}",
                tags=_tags(application, hostname, tier),
                origin_region=origin_region,
                **SIZES[tier.size],
            )
            servers.append(replace(healthy, **tier.trouble.get(number, {})))
    return tuple(servers)


def _tags(application: str, hostname: str, tier: Tier) -> dict[str, str]:
    return {
        "Name": hostname,
        "Application": application,
        "Tier": tier.name,
        "DR-Priority": str(tier.priority),
        "Environment": "production",
        "Owner": f"{application.split(maxsplit=1)[0].lower()}-team",
    }
