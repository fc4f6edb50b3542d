"""World `estate`: generated, of any size, the same each time, and cheap until somebody looks."""

import time

import pytest
from django.core.management import CommandError, call_command
from moto.ec2.models import ec2_backends

from drsorch.simulator.backend import drs_backends
from drsorch.simulator.control import ControlError
from drsorch.simulator.worlds import build_world
from drsorch.simulator.worlds.estate import LIMITS
from tests.simulator.callers import (
    EAST,
    HUB,
    assume,
    hub_client,
    instances,
    launch,
    server_ids,
    session_client,
    start,
)

MEMBER = "500000000003"
EXTERNAL_ID = "drsorch-estate-003"


@pytest.fixture
def estate(simulator):
    simulator.reset("estate", speed=0, accounts=3, regions=2, servers=40)
    return simulator


def member_client(service, region=EAST):
    role = f"arn:aws:iam::{MEMBER}:role/drsorch-spoke"
    return session_client(service, assume(RoleArn=role, ExternalId=EXTERNAL_ID)["Credentials"], region)


def test_it_has_ten_accounts_with_ten_regions_with_a_hundred_servers_unless_told_otherwise():
    world = build_world("estate")

    assert len(world.accounts) == 10
    assert {len(account.regions) for account in world.accounts} == {10}
    assert {len(region.servers) for account in world.accounts for region in account.regions} == {100}


def test_starting_the_whole_estate_is_quick_and_makes_nothing_that_nobody_asked_for(simulator):
    began = time.monotonic()
    simulator.reset("estate", speed=0)
    took = time.monotonic() - began

    assert took < 2
    assert len(ec2_backends) == 0
    backend = drs_backends[HUB]["eu-west-1"]
    assert not backend._servers
    assert len(hub_client("drs", "eu-west-1").describe_source_servers()["items"]) == 100
    assert len(backend._servers) == 100
    assert not drs_backends[HUB]["us-west-2"]._servers


def test_the_largest_estate_can_be_described(simulator):
    simulator.reset("estate", speed=0, **LIMITS)
    pages = hub_client("drs").get_paginator("describe_source_servers").paginate()

    assert sum(len(page["items"]) for page in pages) == LIMITS["servers"]


def test_servers_are_the_same_each_time(estate):
    first = hub_client("drs").describe_source_servers()["items"]
    estate.reset("estate", speed=0, accounts=3, regions=2, servers=40)
    second = hub_client("drs").describe_source_servers()["items"]

    def identity(servers):
        return [(entry["sourceServerID"], entry["tags"], entry["sourceProperties"]["os"]) for entry in servers]

    assert identity(first) == identity(second)


def test_every_account_is_entered_like_those_of_the_demo(estate):
    assert len(member_client("drs").describe_source_servers()["items"]) == 40
    assert member_client("ec2").describe_instances()["Reservations"] == []


def test_groups_can_be_made_by_tag(estate):
    servers = member_client("drs").describe_source_servers()["items"]
    by_application = {}
    for server in servers:
        by_application.setdefault(server["tags"]["Application"], set()).add(server["tags"]["Tier"])

    tiers = {"db", "app", "web", "batch"}
    assert by_application == {"Application 001": tiers, "Application 002": tiers}
    assert {server["tags"]["DR-Priority"] for server in servers} == {"1", "2", "3", "4"}


def test_its_servers_can_be_recovered(estate):
    drs = hub_client("drs")
    launch(estate, drs, server_ids(estate)[:3])

    assert len(instances(drs)) == 3


def test_quotas_are_adjusted_like_those_of_any_world(estate):
    estate.settings(quotas={"servers_per_job": 2})
    drs = hub_client("drs")

    with pytest.raises(drs.exceptions.ServiceQuotaExceededException):
        start(drs, server_ids(estate)[:3])


BAD_SIZES = [
    ("estate", {"accounts": 0}, "The accounts of the world estate must be a whole number from 1 to 100"),
    ("estate", {"regions": 16}, "The regions of the world estate must be a whole number from 1 to 15"),
    ("estate", {"servers": 4001}, "The servers of the world estate must be a whole number from 1 to 4000"),
    ("estate", {"colours": 3}, "The world estate has no colours; it takes accounts, regions, servers"),
    ("minimal", {"servers": 3}, "The world minimal has its size; only the world estate takes"),
]


@pytest.mark.parametrize(("world", "sizes", "sentence"), BAD_SIZES, ids=[case[2] for case in BAD_SIZES])
def test_a_size_that_makes_no_sense_is_refused(simulator, world, sizes, sentence):
    with pytest.raises(ControlError, match=sentence):
        simulator.reset(world, **sizes)
    assert simulator.health()["world"] == "minimal"


def test_the_command_refuses_it_in_the_same_words():
    with pytest.raises(CommandError, match="The accounts of the world estate must be a whole number from 1 to 100"):
        call_command("simulator", "--port", "0", "--world", "estate", "--accounts", "101")
