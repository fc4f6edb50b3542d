"""World `minimal`: a hub and one target account, two Regions, six healthy servers in each. Made for tests."""

from drsorch.simulator.worlds.description import AccountDescription, RegionDescription, ServerDescription, World
from drsorch.simulator.worlds.hub import hub_account

TARGET_ID = "222222222222"
EXTERNAL_ID = "minimal-external-id"
REGIONS = {"us-east-1": "use1", "us-west-2": "usw2"}
TIERS = ("db", "app", "web")


def build() -> World:
    """Hostnames follow a pattern: `target-use1-db-1` is the first database of the target account in us-east-1."""
    return World(
        "minimal",
        (
            hub_account("Minimal hub", _regions("hub", 1)),
            AccountDescription(TARGET_ID, "Minimal target", _regions("target", 2), external_id=EXTERNAL_ID),
        ),
    )


def _regions(account: str, network: int) -> tuple[RegionDescription, ...]:
    return tuple(
        RegionDescription(name, tuple(_servers(f"{account}-{short}", f"10.{network}.{index}")))
        for index, (name, short) in enumerate(REGIONS.items())
    )


def _servers(prefix: str, network: str) -> list[ServerDescription]:
    return [
        ServerDescription(
            hostname=f"{prefix}-{tier}-{number}",
            operating_system="Ubuntu 22.04.4 LTS",
            address=f"{network}.{10 + 10 * position + number}",
            tags={"Name": f"{prefix}-{tier}-{number}", "Application": "Minimal", "Tier": tier},
        )
        for position, tier in enumerate(TIERS)
        for number in (1, 2)
    ]
