"""docs/api.md: its examples run as they stand, and its table names every endpoint."""

import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from drsorch.access.roles import Permission
from drsorch.access.tokens import issue_token
from drsorch.api.files import OF_PAGES
from drsorch.api.schema import needed
from tests.api.installed import installed
from tests.api.routes import ROUTES

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"<!-- endpoints -->\n(.*)<!-- end of endpoints -->", re.DOTALL)
FILTERS = re.compile(r"<!-- filters -->\n(.*)<!-- end of filters -->", re.DOTALL)
LONGEST = 300  # seconds; a script that hangs is ended


def examples(language):
    """The examples of the guide in one language, as one script, as somebody would paste them one after the other."""
    return "\n".join(text for kind, text in BLOCK.findall(GUIDE.read_text(encoding="utf-8")) if kind == language)


def run_script(command, text, environment):
    """Run a script that knows nothing but the guide's text, the address and the token."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        command,
        input=text,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


@pytest.fixture
def token(transactional_db, ada):
    """A token of an administrator, with every permission."""
    soon = timezone.now() + timedelta(days=1)
    _, text = issue_token(owner=ada.user, actor=ada, name="Guide", scopes=list(Permission), expires_at=soon)
    return text


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed: its examples cannot be run")
def test_the_examples_run_a_drill_from_the_account_to_the_proof(token, tmp_path):
    with installed(tmp_path) as url:
        known = {"DRSORCH_URL": url, "DRSORCH_TOKEN": token, "EXTERNAL_ID": "minimal-external-id"}
        curl = run_script(["bash", "-euo", "pipefail"], examples("bash"), known)
        assert curl.returncode == 0, curl.stdout + curl.stderr
        python = run_script([sys.executable, "-"], examples("python"), known)
        assert python.returncode == 0, python.stdout[-3000:] + python.stderr[-3000:]

    assert '"status":"VALID"' in curl.stdout
    assert "executionId,planId,planName" in curl.stdout
    for words in (
        "Drill started by ada.",
        "ada asked to pause before the next wave.",
        "COMPLETED 4 of 4 servers launched.",
        "4 of 4 instances are terminated",
        "pipeline-1234",
        "JOB_END",
        "success rate: 1.0",
        "ada start_execution Drill of Billing ALLOWED",
        "ada terminate_instances Drill of Billing ALLOWED",
        "unbroken: True",
    ):
        assert words in python.stdout
    # The next wave is the first one when the worker has not come to it yet.
    assert re.search(r"ada asked to pause before wave [12], (Databases|Applications)\. Resume", python.stdout)


def table():
    """The endpoints as the guide lists them."""
    lines = ["| endpoint | what it does | for whom: a permission |", "| --- | --- | --- |"]
    for route in sorted(ROUTES, key=lambda route: (route.pattern, route.method)):
        access = needed(route.spec).removeprefix("Needs ").rstrip(".").replace("drs:", "")
        cloud = " ☁" if route.spec.asks_aws else ""
        sentence = re.split(r"(?<=[.:])\s", " ".join(route.doc.split()))[0].rstrip(".:")
        lines.append(f"| `{route.method} {route.pattern}`{cloud} | {sentence} | {access} |")
    return "\n".join(lines) + "\n"


def filters():
    """The lists with their filters and orderings, the usual one first, as the guide shows them."""
    lines = ["| list | filters | `ordering` |", "| --- | --- | --- |"]
    for route in sorted((route for route in ROUTES if route.spec.is_list), key=lambda route: route.pattern):
        shape, usual = route.spec.query, route.spec.usual_order.removeprefix("-")
        names = [name for name in shape().fields if name not in OF_PAGES] + ["tag.KEY"] * shape.has_tags
        orderings = sorted(shape.orderings, key=lambda name: (name != usual, name))
        lines.append(f"| `{route.method} {route.pattern}` | {_named(names)} | {_named(orderings)} |")
    return "\n".join(lines) + "\n"


def _named(names):
    return ", ".join(f"`{name}`" for name in names) or "none"


@pytest.mark.parametrize(("part", "made"), [(TABLE, table), (FILTERS, filters)], ids=["endpoints", "filters"])
def test_the_tables_name_every_endpoint_with_its_permission_and_every_filter(part, made):
    found = part.search(GUIDE.read_text(encoding="utf-8"))

    assert found
    assert found[1] == made()


# What specification and guide promise of lists that automation is built on.
PROMISED = {
    "/protection-groups": "accountId region selection conflict search",
    "/recovery-plans": "accountId region lastStatus conflict search",
    "/executions": "planId status active executionType accountId region source startedAfter startedBefore "
    "parentExecutionId tag.KEY",
    "/drs/source-servers": "accountId region replicationState assigned search tag.KEY",
}


@pytest.mark.parametrize("path", PROMISED)
def test_a_list_takes_the_filters_that_are_promised(path):
    line = next(line for line in filters().splitlines() if f"`GET {path}`" in line)

    assert [name for name in PROMISED[path].split() if f"`{name}`" not in line] == []
