"""Fixtures for the tests of the simulated AWS: world `minimal` as the hub sees it, and an endpoint with a journal."""

import pytest

from tests.simulator.callers import hub_client, server_ids
from tests.simulator.endpoints import Endpoint


@pytest.fixture
def drs(simulator):
    return hub_client("drs")


@pytest.fixture
def ec2(simulator):
    return hub_client("ec2")


@pytest.fixture
def ids(simulator):
    """The six source servers of the hub."""
    return server_ids(simulator)


@pytest.fixture
def first(ids):
    return ids[0]


@pytest.fixture
def endpoint(tmp_path, monkeypatch, simulator):  # simulator: for the credentials in the environment
    running = Endpoint(tmp_path / "journal", monkeypatch)
    yield running
    running.kill()
