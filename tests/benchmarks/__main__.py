"""`python -m tests.benchmarks`: see --help. Each suite runs in a process and an installation of its own."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import report, suite
from tests.benchmarks.suites import SUITES, Options
from tests.torture import database
from tests.torture.machine import Machine


def main() -> int:
    """Measure and return the exit code."""
    parts = sorted({part for each in SUITES.values() for part in each.parts})
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)} (default: all)")
    add("--suite", choices=SUITES, help="only this one")
    add("--executions", type=int, default=200, help="of the part load, each of 5 waves with 10 servers (default 200)")
    add("--load-speed", type=float, default=4.0, help="how much faster AWS's time runs in the part load (default 4)")
    add("--window", type=float, default=60.0, help="seconds in which the part reads counts (default 60)")
    add("--history", type=int, default=100_000, help="executions of the part size, and the rest to match (100000)")
    add("--only", default="", help="in the part size, only addresses with this in them")
    add("--write", action="store_true", help="write docs/benchmarks.md too")
    add("--rows", type=Path, help=argparse.SUPPRESS)  # what a suite in a process of its own has measured
    given = parser.parse_args()
    unknown = set(given.parts) - set(parts)
    if unknown:
        parser.error(f"There is no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}.")
    options = Options(tuple(given.parts), given.executions, given.load_speed, given.window, given.history, given.only)
    if given.rows:
        return suite.run(given.suite, options, given.rows)
    machine, results = Machine(), {}
    for name in [given.suite] if given.suite else SUITES:
        if SUITES[name].is_postgresql and not database.is_installed():
            print(f"{SUITES[name].title}: NOT RUN, because PostgreSQL is not installed.")  # noqa: T201 (a terminal)
        elif SUITES[name].wanted(options.parts):
            with tempfile.TemporaryDirectory(prefix="drsorch-bench-") as folder:
                results[name] = suite.run_apart(name, options, Path(folder) / "rows.json")
    where = machine.describe()
    report.show(results, where)
    if given.write:
        report.write(results, where)
    return 0


if __name__ == "__main__":
    sys.exit(main())
