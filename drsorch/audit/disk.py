"""Files that are on the disk when they are said to be: evidence outside the database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def placed(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its place at `path` in one step, and is on the disk, when the block has ended well.

    Only one process at a time may do so for the same path. Raises OSError; then what was at `path` is still there.
    """
    new = path.with_name(f"{path.name}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
