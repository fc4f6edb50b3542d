"""Fixtures for all tests."""

import gc

import pytest

from drsorch.access import sessions
from drsorch.access.roles import Role
from drsorch.api import throttles
from tests import factories
from tests.access.conftest import staff
from tests.registered import Known

pytest_plugins = [
    "tests.migrated_once",
    "tests.simulator_fixtures",
    "tests.concurrency_fixtures",
    "tests.access.provider_fixtures",
    "tests.access.access_tokens",
]


def pytest_collection_finish():
    """Leave what was imported and collected out of every later search for garbage: it stays until the end."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def full_buckets():
    """Nobody has asked for anything yet."""
    throttles.forget()
    yield
    throttles.forget()


@pytest.fixture
def ada(db):
    """Administers."""
    return factories.person("ada", Role.ADMIN)


@pytest.fixture
def ada_online(ada, client, monkeypatch):
    """A browser in which ada, the administrator, is signed in. No page of hers also notes that she is there."""
    monkeypatch.setattr(sessions, "NOTED_EVERY_SECONDS", 3600)
    client.force_login(staff(ada).user)
    return client


@pytest.fixture
def olga(db):
    """Operates: starts, stops, terminates."""
    return factories.person("olga", Role.RECOVERY_MANAGER)


@pytest.fixture
def vera(db):
    """Views, and may do nothing."""
    return factories.person("vera", Role.READ_ONLY)


@pytest.fixture
def sam(db):
    """A stranger: signed in, without any role."""
    return factories.person("sam")


@pytest.fixture
def aws(simulator):
    """The local endpoint with a fresh world `minimal`, and a gateway that remembers nothing of the one before."""
    factories.forget_sessions(clients=False)
    yield simulator
    factories.forget_sessions(clients=bool(simulator.faults()))  # their clients may have used up their retries


@pytest.fixture(scope="session")
def known():
    """What the local endpoint said of the target account, once a test has asked."""
    return []


@pytest.fixture
def place(aws, ada, known):
    """The target account of world `minimal`, registered, validated and synchronised."""
    if known:
        return known[0].again(ada)
    account = factories.account(ada)
    known.append(Known.of(account))
    return account
