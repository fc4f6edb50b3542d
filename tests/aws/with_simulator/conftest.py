"""The target account and its servers as the local endpoint has them."""

import pytest

from drsorch.simulator.worlds.minimal import EXTERNAL_ID
from tests.aws.scripted import REGION


@pytest.fixture
def target(target, simulator):
    [account] = [found for found in simulator.world()["accounts"] if found["id"] == target.account_id]
    target.role_arn, target.external_id = account["role_arn"], EXTERNAL_ID
    return target


@pytest.fixture
def servers(target, simulator):
    [account] = [found for found in simulator.world()["accounts"] if found["id"] == target.account_id]
    return [server["id"] for server in account["servers"][REGION]]
