"""Of several processes of tests one migrates; the others begin with a copy of its database."""

import fcntl
import os
import sqlite3
from contextlib import closing

import pytest
from django.db import connection


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """Let the first process make its database as ever, and keep a copy of it for the others. On SQLite only."""
    if connection.vendor != "sqlite" or "PYTEST_XDIST_WORKER" not in os.environ:
        return
    migrated = tmp_path_factory.getbasetemp().parent / "migrated.sqlite3"  # of all processes of this run
    create_and_migrate = connection.creation.create_test_db

    def create(*arguments, **options):
        with migrated.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until the first one has it
            if not migrated.exists():
                name = create_and_migrate(*arguments, **options)
                connection.cursor().execute("VACUUM INTO %s", [str(migrated)])
                return name
        return copy(migrated)

    connection.creation.create_test_db = create


def copy(migrated):
    """Make the tests' database, which is in memory, of one in a file, and return its name."""
    connection.close()
    connection.settings_dict["NAME"] = name = connection.creation._get_test_db_name()
    connection.ensure_connection()
    with closing(sqlite3.connect(migrated)) as file:
        file.backup(connection.connection)
    return name
