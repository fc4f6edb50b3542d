"""World `estate`: a large company, generated: ten accounts, ten Regions, a hundred servers in each, or as told.

Servers are described when somebody asks for them, so that a large estate costs nothing to describe.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import overload

from drsorch.simulator.settings import Quotas
from drsorch.simulator.worlds.description import AccountDescription, RegionDescription, ServerDescription, World
from drsorch.simulator.worlds.hub import hub_account

LIMITS = {"accounts": 100, "regions": 15, "servers": 4000}
# The Regions that need no opting in, so that every account has them.
REGIONS = (
    *("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "us-east-2", "us-west-1", "ap-southeast-2"),
    *("ap-northeast-1", "eu-west-2", "ca-central-1", "eu-north-1", "ap-south-1", "sa-east-1", "eu-west-3"),
    "ap-southeast-1",
)
TIERS = ("db", "db", "app", "app", "app", "web", "web", "web", "web", "batch")
PRIORITIES = {"db": "1", "app": "2", "web": "3", "batch": "4"}
SERVERS_PER_APPLICATION = 20
SYSTEMS = (
    "Ubuntu 22.04.4 LTS",
    "Red Hat Enterprise Linux release 8.9 (Ootpa)",
    "Microsoft Windows Server 2019 Datacenter",
)
ENVIRONMENTS = ("production", "production", "production", "production", "test")
REPLICATING_SERVERS = 300
FIRST_ADDRESS = IPv4Address("10.0.0.1")


class Servers(Sequence[ServerDescription]):
    """The servers of one account in one Region; number `n` is always the same one."""

    def __init__(self, account: int, region: int, count: int) -> None:
        self._account, self._region, self._count = account, region, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> ServerDescription: ...

    @overload
    def __getitem__(self, index: slice) -> list[ServerDescription]: ...

    def __getitem__(self, index: int | slice) -> ServerDescription | list[ServerDescription]:
        if isinstance(index, slice):
            return [self._describe(number) for number in range(*index.indices(self._count))]
        return self._describe(range(self._count)[index])

    def _describe(self, number: int) -> ServerDescription:
        application, place = divmod(number, SERVERS_PER_APPLICATION)
        tier = TIERS[place % len(TIERS)]
        hostname = f"a{self._account:03d}-{_short(REGIONS[self._region])}-{tier}-{number + 1:04d}"
        return ServerDescription(
            hostname=hostname,
            operating_system=SYSTEMS[application % len(SYSTEMS)],
            address=str(FIRST_ADDRESS + ((self._account - 1) * len(REGIONS) + self._region) * 4096 + number),
            tags={
                "Name": hostname,
                "Application": f"Application {application + 1:03d}",
                "Tier": tier,
                "DR-Priority": PRIORITIES[tier],
                "Environment": ENVIRONMENTS[application % len(ENVIRONMENTS)],
                "Owner": f"team-{self._account:03d}",
            },
            origin_region=REGIONS[self._region - 1],
        )


def build(accounts: int = 10, regions: int = 10, servers: int = 100) -> World:
    """The first account is the hub. Application, tier, priority, environment and owner are tags to make groups by.

    The quota of replicating servers grows with the servers; the others are AWS's.
    """
    return World(
        "estate",
        tuple(_account(number, regions, servers) for number in range(1, accounts + 1)),
        Quotas(replicating_servers=max(REPLICATING_SERVERS, servers)),
    )


def _account(number: int, regions: int, servers: int) -> AccountDescription:
    described = tuple(RegionDescription(REGIONS[place], Servers(number, place, servers)) for place in range(regions))
    if number == 1:
        return hub_account("Estate 001 (hub)", described)
    return AccountDescription(
        f"{500_000_000_000 + number}", f"Estate {number:03d}", described, external_id=f"drsorch-estate-{number:03d}"
    )


def _short(region: str) -> str:
    area, side, number = region.split("-")
    return f"{area}{side[0]}{number}"
