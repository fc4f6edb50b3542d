"""Do several things at the same moment, each in a thread and on a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from drsorch.errors import UserError


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
