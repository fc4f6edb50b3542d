"""Where the benchmarks' servers are."""

from drsorch.simulator.worlds.hub import HUB_ID as HUB
from drsorch.simulator.worlds.minimal import EXTERNAL_ID, TARGET_ID

TARGET, TARGET_EXTERNAL_ID = TARGET_ID, EXTERNAL_ID
BIG, MANY = "us-east-1", "us-west-2"  # of the target: pages with many servers; many executions in one Region
SERVERS = 360
LATENCY_SERVERS = 24
HUB_REGIONS = ("us-east-1", "us-west-2")
PLACES = ((HUB, HUB_REGIONS[0]), (HUB, HUB_REGIONS[1]), (TARGET, "eu-west-1"), (TARGET, "eu-central-1"))
REGIONS = {HUB: HUB_REGIONS, TARGET: (BIG, MANY, "eu-west-1", "eu-central-1")}
