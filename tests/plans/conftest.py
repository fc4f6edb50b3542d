"""Fixtures of the tests around plans: groups with servers, written without asking AWS."""

import pytest
from django.utils import timezone

from protection import inventory
from protection.models import ProtectionGroup, SourceServer
from protection.services import register_account
from tests import factories
from tests.protection.making import described


@pytest.fixture
def account(ada):
    """An account with two Regions."""
    regions = [factories.REGION, factories.OTHER_REGION]
    return register_account(actor=ada, account_id=factories.HUB, name="Hub", regions=regions)


@pytest.fixture
def make_group(account):
    """Make a group of `count` servers with names and ids that follow from the group's."""

    def make(name, count=2, region=factories.REGION):
        group = ProtectionGroup.objects.create(name=name, account=account, region=region)
        servers = [
            described(number, source_server_id=f"s-{name}-{number}", hostname=f"{name}-{number}")
            for number in range(1, count + 1)
        ]
        inventory.upsert(account, region, servers, timezone.now())
        SourceServer.objects.filter(source_server_id__startswith=f"s-{name}-").update(group=group)
        return group

    return make


@pytest.fixture
def db_group(make_group):
    """Two databases."""
    return make_group("db")


@pytest.fixture
def web_group(make_group):
    """Two web servers."""
    return make_group("web")
