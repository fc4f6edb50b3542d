"""Accounts, keys and a scripted server for the tests of the gateway."""

from dataclasses import dataclass

import pytest

from drsorch.aws import calls, sessions
from tests.aws.scripted import HUB, REGION, TARGET, ScriptedAws


@dataclass
class Known:
    """An account as the gateway sees it."""

    account_id: str = HUB
    partition: str = "aws"
    role_arn: str | None = None
    external_id: str = ""


@pytest.fixture
def hub() -> Known:
    return Known()


@pytest.fixture
def target() -> Known:
    return Known(TARGET, role_arn=f"arn:aws:iam::{TARGET}:role/DrsOrch", external_id="the-external-id")


@pytest.fixture(autouse=True)
def fresh_gateway(monkeypatch, settings):
    """Start every test with keys in the environment, no caches, and full buckets."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    settings.AWS_REQUESTS_PER_SECOND, settings.AWS_BURST = 1000, 1000
    settings.AWS_READ_TIMEOUT_SECONDS = settings.AWS_ONCE_READ_TIMEOUT_SECONDS = 10
    sessions.forget()
    calls.LIMITER.forget()
    yield
    sessions.forget()


@pytest.fixture
def aws(monkeypatch):
    server = ScriptedAws()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    yield server
    server.close()


@pytest.fixture
def reader(aws, hub):
    """DRS in the hub, for questions."""
    return sessions.client(hub, REGION, "drs")


@pytest.fixture
def once(aws, hub):
    """DRS in the hub, for what must not be sent twice."""
    return sessions.client(hub, REGION, "drs", once=True)
