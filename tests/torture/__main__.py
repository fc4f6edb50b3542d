"""`python -m tests.torture`: see --help. Ends with 1 when something was duplicated, stuck or lost."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import django
from django.utils.module_loading import import_string

from tests.torture import database
from tests.torture.installation import Installation
from tests.torture.options import read_options
from tests.torture.times import accelerated

WORLD = ("estate", "--accounts", "2", "--regions", "2", "--servers", "40")


def main() -> int:
    """Build, torment, judge."""
    options = read_options(sys.argv[1:])
    times = accelerated(options.speed)
    with tempfile.TemporaryDirectory(prefix="drsorch-torture-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        chosen = database.choose(folder, postgresql=options.postgresql)
        with Installation(folder, database=chosen) as installation:
            world, *sizes = WORLD
            installation.start_simulator(world, times.speed, more=sizes, is_kept=options.has("endpoint"))
            installation.environment |= times.environment() | options.environment()
            os.environ.update(installation.environment, LOG_LEVEL="ERROR")  # the worker's log has everything
            django.setup()  # reads the environment: what needs models is imported after it
            try:
                return int(import_string("tests.torture.rig.main")(installation, times, options))
            finally:
                if options.keep:
                    _keep(folder, options.keep)


def _keep(folder: Path, where: Path) -> None:
    where.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        if file.is_file():
            shutil.copy(file, where)


if __name__ == "__main__":
    sys.exit(main())
