"""A task for the worker that the benchmarks start."""

import time
from pathlib import Path


def note(file: str, asked_at: float) -> None:
    """Write how long it took from asking to starting, in seconds."""
    started_at = time.time()
    with Path(file).open("a", encoding="utf-8") as lines:
        lines.write(f"{started_at - asked_at}\n")
