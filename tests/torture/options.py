"""What the rig can be told."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CRASH_PROBABILITY = 0.01
BLIND_CRASH_PROBABILITY = 0.03
# What a run does to the installation, and can be left out.
PARTS = ("worker", "web", "endpoint", "database", "faults", "freezes", "jumps", "deaths")
BLIND_WITHOUT = ("web", "endpoint", "database", "faults", "freezes", "jumps")


@dataclass(frozen=True)
class Options:
    """One run of the rig."""

    minutes: float
    kills: int
    faults: int
    pace: float
    seed: int
    speed: float
    without: tuple[str, ...]
    blind: bool
    postgresql: bool
    ends_within: float
    write: bool
    result: Path | None
    keep: Path | None

    def has(self, part: str) -> bool:
        """Tell whether a part of PARTS takes place."""
        return part not in self.without and not (self.blind and part in BLIND_WITHOUT)

    def environment(self) -> dict[str, str]:
        """What the worker must know."""
        probability = BLIND_CRASH_PROBABILITY if self.blind else CRASH_PROBABILITY
        return {
            "ENGINE_CRASH_PROBABILITY": str(probability if self.has("deaths") else 0),
            "ENGINE_BLIND_RESEND": "1" if self.blind else "0",
        }

    @property
    def command(self) -> str:
        """How to run this again."""
        numbers = {"minutes": self.minutes, "kills": self.kills, "faults": self.faults}
        parts = [f"--{name} {number:g}" for name, number in numbers.items() if number]
        parts += [f"--{name}" for name in ("postgresql", "blind") if getattr(self, name)]
        parts += [f"--without {' '.join(self.without)}"] if self.without else []
        return " ".join(["python -m tests.torture", *parts, f"--seed {self.seed}"])


def read_options(arguments: Sequence[str]) -> Options:
    """Return the options; leaves the program with a sentence when they make no sense."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    add = parser.add_argument
    add("--minutes", type=float, default=5, help="torment for at least so long (default 5)")
    add("--kills", type=int, default=0, help="and until so many processes were killed")
    add("--faults", type=int, default=0, help="and until so many faults have hit")
    add("--pace", type=float, default=1, help="stretches the times between kills (default 1)")
    add("--seed", type=int, default=time.time_ns() % 10**6, help="of the dice; a run is never quite the same")
    add("--speed", type=float, default=60, help="how much faster AWS's time runs (default 60)")
    add("--without", nargs="+", default=(), choices=PARTS, help="leave out")
    add("--blind", action="store_true", help="negative control: send again without looking; must exit 1")
    add("--postgresql", action="store_true", help="on a PostgreSQL of its own (DATABASE_URL: on that one)")
    add("--ends-within", type=float, default=480, help="seconds in which everything must end after it (default 480)")
    add("--write", action="store_true", help="run the negative control too and append both to docs/torture.md")
    add("--result", type=Path, help="also write the figures to this file, as JSON")
    add("--keep", type=Path, help="copy the database file and the logs to this folder in the end")
    given = vars(parser.parse_args(arguments))
    return Options(**{**given, "without": tuple(given["without"])})
