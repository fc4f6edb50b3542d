"""Fixtures around the simulated AWS. Load them with `pytest_plugins = ["tests.simulator_fixtures"]`."""

import pytest

from drsorch.simulator.server import serve_in_thread
from drsorch.simulator.worlds.hub import ACCESS_KEY_ID, SECRET_ACCESS_KEY


@pytest.fixture(scope="session")
def simulator_server():
    """One simulator for the whole session: moto keeps its state per process."""
    running = serve_in_thread(world="minimal", speed=0)
    yield running
    running.stop()


@pytest.fixture
def simulator(simulator_server, monkeypatch):
    """Its control client, on a fresh world `minimal` with frozen time, and the environment that boto3 needs."""
    simulator_server.control.reset("minimal", speed=0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", simulator_server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "MOTO_ACCOUNT_ID"):
        monkeypatch.delenv(name, raising=False)
    return simulator_server.control
