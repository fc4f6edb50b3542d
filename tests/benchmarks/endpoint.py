"""`manage.py simulator` with one more world: large enough to measure. Started by the benchmarks."""

import sys

from django.core.management import execute_from_command_line

from drsorch.simulator.worlds import WORLDS
from drsorch.simulator.worlds.description import AccountDescription, RegionDescription, ServerDescription, World
from drsorch.simulator.worlds.hub import hub_account
from tests.benchmarks.places import BIG, LATENCY_SERVERS, MANY, REGIONS, SERVERS, TARGET, TARGET_EXTERNAL_ID


def build() -> World:
    """A hub and one target account; every server is healthy."""
    regions = {account: tuple(_region(account, name) for name in names) for account, names in REGIONS.items()}
    target = AccountDescription(TARGET, "Bench target", regions.pop(TARGET), external_id=TARGET_EXTERNAL_ID)
    (hub,) = regions.values()
    return World("bench", (hub_account("Bench hub", hub), target))


def _region(account: str, name: str) -> RegionDescription:
    count = SERVERS if account == TARGET and name in (BIG, MANY) else LATENCY_SERVERS
    return RegionDescription(name, tuple(_server(name, number) for number in range(1, count + 1)))


def _server(region: str, number: int) -> ServerDescription:
    hostname = f"{region}-{number:03d}"
    address = f"10.0.{number // 200}.{number % 200 + 1}"
    return ServerDescription(hostname, "Ubuntu 22.04.4 LTS", address, {"Name": hostname, "Application": "Bench"})


if __name__ == "__main__":
    WORLDS["bench"] = build
    execute_from_command_line(["manage.py", "simulator", *sys.argv[1:]])
