"""Every operation of the OpenAPI document, asked what it allows and what it does not: by `make fuzz`, for minutes."""

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.access.roles import Permission
from drsorch.access.tokens import issue_token
from drsorch.api import health
from drsorch.queue.models import beat
from executions.services import start_execution
from tests import factories
from tests.api.serving import serving

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
)
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "30")
PHASES = os.environ.get("FUZZ_PHASES", "examples,coverage,fuzzing")
LIMIT = 1800  # seconds
LINE, LINES = 300, 1000
# How a missing If-Match is refused, which that check does not know.
SETTINGS = """
[checks.missing_required_header]
expected-statuses = [400, 401, 403, 428]
"""
# An id of what there is, for half of the requests: so that they reach the services.
KNOWN = """
[dictionaries.{kind}]
values = ["{value}"]

[[operations]]
include-path-regex = "/{kind}/.{parameter}."
parameters = {{ "path.{parameter}" = {{ dictionary = "{kind}", probability = 0.5 }} }}
"""


@contextmanager
def ending(event):
    """Say at the end that it is over."""
    try:
        yield
    finally:
        event.set()


@pytest.mark.fuzz
def test_no_answer_is_a_server_error_or_undocumented(at_once, place, ada, settings, tmp_path, monkeypatch):
    # No worker takes what is asked for on the way, so that after a while the installation would rightly not be ready.
    monkeypatch.setattr(health, "QUEUE_LATE_AFTER", timedelta(days=1))
    for name in ("SITE", "ADDRESS", "PRINCIPAL", "AWS"):
        setattr(settings, f"API_{name}_BURST", 10_000_000)
    group = factories.group(ada, place)
    plan = factories.plan(ada, group, name="Billing")
    known = (
        ("accounts", "account_id", place.account_id),
        ("protection-groups", "id", group.pk),
        ("recovery-plans", "id", plan.pk),
        ("executions", "id", start_execution(plan=plan, actor=ada).pk),
        ("source-servers", "server_id", group.servers.first().source_server_id),
    )
    told = (KNOWN.format(kind=kind, parameter=parameter, value=value) for kind, parameter, value in known)
    (tmp_path / "schemathesis.toml").write_text(SETTINGS + "".join(told), encoding="utf-8")
    soon = timezone.now() + timedelta(days=1)
    row, token = issue_token(owner=ada.user, actor=ada, name="Fuzz", scopes=list(Permission), expires_at=soon)
    # Under an id that nobody guesses: else the token would be revoked on the way.
    number = 123_456_789_012_345
    type(row).objects.filter(pk=row.pk).update(id=number)
    token = token.replace(f"drs_{row.pk}_", f"drs_{number}_")
    is_over = threading.Event()

    def worker():
        while not is_over.wait(1):
            beat(name="w", host="h", pid=1)

    def fuzz():
        with ending(is_over), serving() as url:
            command = [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/v1/schema"),
                *("--header", f"Authorization: Bearer {token}"),
                *("--checks", ",".join(CHECKS), "--phases", PHASES),
                *(
                    "--max-examples",
                    EXAMPLES,
                    "--generation-deterministic",
                    "--continue-on-failure",
                    "--suppress-health-check",
                    "all",
                ),
            ]
            return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT, check=False)

    ended, _ = at_once(fuzz, worker)

    lines = (ended.stdout + ended.stderr).splitlines()
    assert ended.returncode == 0, "\n".join(line[:LINE] for line in lines[-LINES:])
