"""`python -m tests.executions.fault_tables [--write]`: try every fault, print the tables, write them to the page."""

import os
import sys
from importlib import import_module

import django
from django.test.utils import setup_test_environment

from drsorch.simulator.server import serve_in_thread
from drsorch.simulator.worlds.hub import ACCESS_KEY_ID, SECRET_ACCESS_KEY


def main() -> int:
    """Return 1 when a cell shows what must not be."""
    running = serve_in_thread(world="minimal", speed=0)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tests.settings",
        AWS_ENDPOINT_URL=running.url,
        AWS_ACCESS_KEY_ID=ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY=SECRET_ACCESS_KEY,
        AWS_DEFAULT_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
        LOG_LEVEL="CRITICAL",
    )
    django.setup()  # reads the environment: what needs models is imported after it
    setup_test_environment()
    connection = import_module("django.db").connection
    connection.creation.create_test_db(verbosity=0)
    matrix = import_module("tests.executions.fault_matrix")
    called, outcomes = matrix.measure(matrix.Ground(running.control, setattr))
    page = import_module("tests.executions.fault_page")
    tables = page.render(called, outcomes)
    wrong = [sentence for outcome in outcomes.values() for sentence in outcome.wrong]
    print(tables, *wrong, sep="\n")  # noqa: T201 (a terminal)
    if "--write" in sys.argv:
        page.write(tables)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
