"""What the engine's smallest durable step costs, and a tick that comes twice."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

from executions import engine
from executions.turn import claim
from tests.benchmarks.estate import Estate
from tests.benchmarks.places import BIG, TARGET
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row, milliseconds, percentile
from tests.torture.installation import Installation

STEPS = 400
GOAL = 0.002


def measure(estate: Estate, installation: Installation, _options: Options) -> Iterator[Row]:
    """Claim a drill, and record nothing many times: a transaction, its fence and lease, a commit to the disk."""
    drill = estate.start(estate.plan("Durable step", TARGET, BIG, [slice(-1, None)]))
    turn = claim(drill.pk)
    if turn is None:
        raise RuntimeError("The drill could not be claimed.")
    with CaptureQueriesContext(connection) as captured:
        engine.advance(drill.pk)
    yield Row("Queries of a tick that comes twice", str(len(captured)), "1", len(captured) == 1)
    yield Row(f"fsync of 4 KiB on this disk, {STEPS} times", milliseconds(list(_syncs(installation.folder)), digits=2))
    times = []
    for _ in range(STEPS):
        began = time.perf_counter()
        with turn.record():
            pass
        times.append(time.perf_counter() - began)
    yield Row(
        f"Durable step: one record of a turn, {STEPS} times",
        milliseconds(times, digits=2),
        f"p50 at most {GOAL * 1000:.0f} ms",
        percentile(times, 0.5) <= GOAL,
    )


def _syncs(folder: Path) -> Iterator[float]:
    """Yield what the disk alone takes, which no database can be faster than."""
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(STEPS):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file)
            yield time.perf_counter() - began
