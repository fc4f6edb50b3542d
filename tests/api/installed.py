"""The product as it is installed: web server, worker and local endpoint, each in processes of their own."""

import urllib.request
from contextlib import contextmanager
from urllib.parse import quote

from django.db import connection

from tests.concurrency_fixtures import write_database
from tests.queue.processes import wait_for
from tests.torture.installation import Installation

# AWS's time flies, so that a drill takes seconds; what would wait as long as AWS takes looks more often.
SPEED = 240
PATIENCE = {"POLL_FAST_SECONDS": "0.5", "POLL_NORMAL_SECONDS": "0.5", "POLL_SLOW_SECONDS": "1"}
PATIENCE |= {"ENGINE_RECHECK_SECONDS": "1", "ENGINE_LOOK_SECONDS": "2", "SURVEY_SECONDS": "5"}
UP_WITHIN = 90  # seconds


class Committed:
    """What the test has committed, for other processes: a copy of a database in memory, else the database itself."""

    kinds = ()

    def __init__(self, folder):
        self.label = connection.display_name
        self.path = folder / "drsorch.sqlite3"
        if connection.vendor == "sqlite":
            self.url = f"sqlite:///{self.path}"
        else:
            known = {name: quote(str(value), safe="") for name, value in connection.settings_dict.items()}
            self.url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**known)

    def start(self):
        """Copy what is in memory."""
        if connection.vendor == "sqlite":
            write_database(self.path)

    def stop(self):
        """Nothing to do: the copy goes with its folder."""


@contextmanager
def installed(folder):
    """An installation with world `minimal` and what was committed so far; yields where its web server is."""
    with Installation(folder, database=Committed(folder)) as installation:
        installation.environment |= PATIENCE
        installation.start_simulator("minimal", SPEED)
        installation.start_worker()
        url = f"http://127.0.0.1:{installation.start_web()}"
        logs = {name: installation.log(name) for name in ("web", "worker")}
        assert wait_for(lambda: is_ready(url), UP_WITHIN), {name: log.read_text()[-2000:] for name, log in logs.items()}
        yield url


def is_ready(url):
    """Tell whether web server, worker and queue are well."""
    try:
        with urllib.request.urlopen(f"{url}/api/v1/health/ready", timeout=2):  # noqa: S310 (loopback)
            return True
    except OSError:  # nobody listens yet, or it says 503
        return False
