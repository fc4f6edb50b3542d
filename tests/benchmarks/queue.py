"""The worker alone: from enqueue to start of a task, and what it costs while there is nothing to do."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from drsorch.queue.enqueue import enqueue
from tests.benchmarks.estate import Estate
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row, milliseconds
from tests.queue import processes
from tests.torture.installation import Installation

TASKS = 100
APART = 0.137  # seconds: in no fixed relation to the interval in which the broker looks
IDLE_SECONDS = 20.0


def measure(_estate: Estate, installation: Installation, _options: Options) -> Iterator[Row]:
    """The worker must be running, with nothing to do."""
    notes = installation.folder / "notes"
    for _ in range(TASKS):
        enqueue("tests.benchmarks.tasks.note", str(notes), time.time())
        time.sleep(APART)
    processes.wait_for(lambda: len(_lines(notes)) == TASKS, 30)
    taken = [float(line) for line in _lines(notes)]
    yield Row(f"Enqueue to task start, {len(taken)} tasks", milliseconds(taken))
    yield Row(
        "CPU of the idle worker, all its processes", f"{_idle_share(installation.pid('worker')):.1f} % of one core"
    )


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def _idle_share(supervisor: int) -> float:
    family = processes.below(supervisor)
    before = sum(_cpu_seconds(found.pid) for found in family)
    time.sleep(IDLE_SECONDS)
    return (sum(_cpu_seconds(found.pid) for found in family) - before) / IDLE_SECONDS * 100


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
