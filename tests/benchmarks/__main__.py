"""`python -m tests.benchmarks`: see --help."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import django
from django.utils.module_loading import import_string

from tests.torture.installation import Installation

PARTS = ("pages", "calls", "latency", "queue", "demo")


def main() -> int:
    """Measure and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="drsorch-bench-") as folder, Installation(Path(folder)) as installation:
        installation.start_simulator("bench", 0, ["-m", "tests.benchmarks.endpoint"])
        os.environ.update(installation.environment, LOG_LEVEL="ERROR")
        django.setup()  # reads the environment: what needs models is imported after it
        measure = import_string("tests.benchmarks.measure.measure")
        return int(measure(installation, options.parts or list(PARTS), write=options.write))


if __name__ == "__main__":
    sys.exit(main())
