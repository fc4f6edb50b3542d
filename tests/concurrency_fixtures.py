"""Do several things at the same moment, each in a thread and on a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections
from django.utils import timezone

from drsorch.errors import UserError
from protection import inventory, services
from protection.models import ProtectionGroup, SourceServer
from tests import factories
from tests.protection.making import described


@pytest.fixture
def at_once(transactional_db, tmp_path):
    """Run functions in threads of their own, started together on a database in a file as in production.

    Returns what each of them returned, or the UserError it raised.
    """
    settings = connections.settings["default"]
    in_memory = settings["NAME"]

    def run(*functions):
        together = Barrier(len(functions))
        if connection.vendor == "sqlite":
            path = str(tmp_path / "copy.sqlite3")
            connection.cursor().execute("VACUUM INTO %s", [path])
            settings["NAME"] = path

        def one(function):
            together.wait()
            try:
                return function()
            except UserError as error:
                return error
            finally:
                connection.close()

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(one, functions))

    yield run
    settings["NAME"] = in_memory


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
