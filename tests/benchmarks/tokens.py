"""What it costs this process to check an API token."""

import time
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drsorch.access.roles import Permission
from drsorch.access.tokens import authenticate, issue_token
from tests.benchmarks.estate import Estate
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row
from tests.torture.installation import Installation

CHECKS, ROUNDS = 2000, 5
GOAL = 100e-6  # seconds of CPU
ADDRESS = "198.51.100.7"


def measure(estate: Estate, _installation: Installation, _options: Options) -> Iterator[Row]:
    """Check a token that is bound to addresses, again and again: the best round is what other work did not disturb."""
    _, text = issue_token(
        owner=estate.olga.user,
        actor=estate.olga,
        name="Measurement",
        scopes=list(Permission),
        expires_at=timezone.now() + timedelta(days=1),
        ranges=["198.51.100.0/24"],
    )
    authenticate(text, address=ADDRESS)  # notes the use, once a minute
    with CaptureQueriesContext(connection) as captured:
        authenticate(text, address=ADDRESS)
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CHECKS):
            authenticate(text, address=ADDRESS)
        rounds.append((time.process_time() - began) / CHECKS)
    best = min(rounds)
    yield Row(
        f"CPU of one check of an API token, with its {len(captured)} query, best of {ROUNDS} rounds of {CHECKS}",
        f"{best * 1e6:.0f} µs",
        f"under {GOAL * 1e6:.0f} µs",
        best < GOAL,
    )
