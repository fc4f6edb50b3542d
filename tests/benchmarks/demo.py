"""The demo, as somebody sees it who starts it for the second time."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.estate import Estate
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row
from tests.torture.installation import ROOT, Installation
from tests.torture.ports import free_port

GOAL = 15.0
WITHIN = 240.0


def measure(_estate: Estate, installation: Installation, _options: Options) -> Iterator[Row]:
    """Run `manage.py demo --once` twice and report the second."""
    for _ in range(2):
        reachable, total, code = _run(installation.folder / "demo")
    yield Row("Second demo: console answers", f"{reachable:.1f} s", f"under {GOAL:.0f} s", reachable < GOAL)
    yield Row("Second demo: all of `demo --once`, with its drill", f"{total:.0f} s, exit code {code}")


def _run(folder: Path) -> tuple[float, float, int]:
    web, endpoint = free_port(), free_port()
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOG_LEVEL", "DATABASE_URL"))
    }
    environment = kept | {
        "DRSORCH_ENVIRONMENT": "demo",
        "DRSORCH_DATA_DIR": str(folder),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{endpoint}",
    }
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--once", "--port", str(web)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    ) as demo:
        while not _answers(web) and demo.poll() is None and time.monotonic() - began < WITHIN:
            time.sleep(0.05)
        reachable = time.monotonic() - began
        code = demo.wait(WITHIN)
    return reachable, time.monotonic() - began, code


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/account/sign-in", timeout=5).close()
    except OSError:
        return False
    return True
