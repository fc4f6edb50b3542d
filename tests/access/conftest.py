"""Fixtures of the tests around access and the admin site."""

import pytest

from drsorch.access.roles import Role
from drsorch.audit.actor import Actor, Source
from tests import factories
from tests.access.estate import estate


def staff(actor):
    """Let a person use the admin site."""
    actor.user.is_staff = True
    actor.user.save()
    return actor


@pytest.fixture
def auditor(db):
    """Sees everything and changes nothing."""
    return staff(factories.person("anton", Role.AUDITOR))


@pytest.fixture
def system():
    """The installation itself."""
    return Actor(name="engine", source=Source.ENGINE)


@pytest.fixture
def world(db):
    """Two accounts with what is in them."""
    return estate()


@pytest.fixture
def oscar(db):
    """Operates what is granted."""
    return factories.person("oscar", Role.OPERATOR, everywhere=False)
