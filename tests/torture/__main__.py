"""`python -m tests.torture`: see --help. Ends with 1 when something was duplicated, stuck or lost."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import django
from django.utils.module_loading import import_string

from tests.torture.installation import Installation
from tests.torture.options import read_options
from tests.torture.times import accelerated

if __name__ == "__main__":
    options = read_options(sys.argv[1:])
    times = accelerated(options.speed)
    with tempfile.TemporaryDirectory(prefix="drsorch-torture-") as folder, Installation(Path(folder)) as installation:
        installation.start_simulator("minimal", times.speed)
        installation.environment |= times.environment() | options.environment()
        os.environ.update(installation.environment, LOG_LEVEL="ERROR")  # the worker's log has everything
        django.setup()  # reads the environment: what needs models is imported after it
        try:
            sys.exit(import_string("tests.torture.rig.main")(installation, times, options))
        finally:
            if options.keep:
                shutil.copytree(folder, options.keep, dirs_exist_ok=True)
