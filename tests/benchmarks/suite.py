"""Run one suite: an installation, its worker while parts need it, its rows."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import django
from django.utils.module_loading import import_string

from tests.benchmarks.suites import SUITES, Options
from tests.benchmarks.table import Row
from tests.queue import processes
from tests.torture.database import Cluster
from tests.torture.installation import ROOT, Installation

COMPLETE = {"worker": 4, "pusher": 1, "monitor": 1, "ticker": 1}


def run_apart(name: str, options: Options, rows: Path) -> list[Row]:
    """Run a suite in a process of its own: Django has one database, and moto one world."""
    numbers = ["--executions", options.executions, "--load-speed", options.load_speed, "--window", options.window]
    numbers += ["--history", options.history, "--only", options.only]
    parts = SUITES[name].wanted(options.parts)
    command = [*parts, "--suite", name, *map(str, numbers), "--rows", str(rows)]
    subprocess.run([sys.executable, "-m", "tests.benchmarks", *command], cwd=ROOT, check=True)
    return [Row(**row) for row in json.loads(rows.read_text(encoding="utf-8"))]


def run(name: str, options: Options, rows: Path) -> int:
    """Run a suite here, say each row as soon as it is known, and write them to `rows`."""
    suite, measured = SUITES[name], []
    with tempfile.TemporaryDirectory(prefix="drsorch-bench-", ignore_cleanup_errors=True) as name_of_folder:
        folder = Path(name_of_folder)
        database = Cluster(folder) if suite.is_postgresql else None
        with Installation(folder, database=database) as installation:
            world, *sizes = suite.world
            installation.start_simulator(world, 0, ["-m", "tests.benchmarks.endpoint"], more=sizes)
            os.environ.update(installation.environment, LOG_LEVEL="ERROR")
            django.setup()  # reads the environment: what needs models is imported after it
            estate = import_string("tests.benchmarks.estate.Estate")(installation.control)
            for part in suite.wanted(options.parts):
                _see_to_worker(installation, is_needed=part in suite.worker)
                for row in import_string(f"tests.benchmarks.{part}.measure")(estate, installation, options):
                    print(f"{row.what}: {row.measured}", flush=True)  # noqa: T201 (a terminal)
                    measured.append(asdict(row))
            import_string("django.db.connections").close_all()
    rows.write_text(json.dumps(measured), encoding="utf-8")
    return 0


def _see_to_worker(installation: Installation, *, is_needed: bool) -> None:
    runs = "worker" in installation.running
    if runs and not is_needed:
        installation.stop("worker")
    if is_needed and not runs:
        installation.start_worker()
        if not processes.wait_for(lambda: is_complete(installation.pid("worker")), 60):
            raise RuntimeError(f"The worker did not start: {installation.log('worker').read_text(encoding='utf-8')}")


def is_complete(supervisor: int) -> bool:
    """Tell whether the worker has all its processes."""
    return {role: len(pids) for role, pids in processes.roles(supervisor).items()}.items() >= COMPLETE.items()
