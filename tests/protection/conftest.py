"""Fixtures of the tests around protection."""

import pytest
from django.utils import timezone

from protection import inventory, services
from protection.models import ProtectionGroup, SourceServer
from tests import factories
from tests.protection.making import described


@pytest.fixture
def account(ada):
    """An account with three servers in its first Region, written without asking AWS."""
    row = services.register_account(actor=ada, account_id=factories.HUB, name="Hub", regions=["us-east-1", "us-west-2"])
    inventory.upsert(row, "us-east-1", [described(number) for number in (1, 2, 3)], timezone.now())
    inventory.upsert(row, "us-west-2", [described(4)], timezone.now())
    return row


@pytest.fixture
def group(account):
    """A group of the first server."""
    row = ProtectionGroup.objects.create(name="Databases", account=account, region="us-east-1")
    SourceServer.objects.filter(hostname="host-1").update(group=row)
    return row
