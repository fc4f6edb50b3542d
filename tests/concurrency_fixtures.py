"""Do several things at the same moment, each in a thread and on a connection of its own."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from django.db import connection, connections

from drsorch.errors import UserError

# For two at the same moment.
where_writers_wait = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite's tests run in memory, where writers cannot wait"
)


def write_database(path):
    """Write the tests' SQLite database to a file, in the mode that the first connection of an installation gives it.

    Of several that open it at the same moment, all but one would be told that it is locked while it gets that mode.
    """
    connection.cursor().execute("VACUUM INTO %s", [str(path)])
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")


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
            settings["NAME"] = str(tmp_path / "copy.sqlite3")
            write_database(settings["NAME"])

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
