"""What the rig can be told."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CRASH_PROBABILITY = 0.01
BLIND_CRASH_PROBABILITY = 0.03


@dataclass(frozen=True)
class Options:
    """One run of the rig."""

    minutes: float
    kills: int
    kill_every: float
    seed: int
    speed: float
    crash_probability: float
    blind: bool
    faults: bool
    freeze: bool
    write: bool
    result: Path | None
    keep: Path | None

    def environment(self) -> dict[str, str]:
        """What the worker must know."""
        return {
            "ENGINE_CRASH_PROBABILITY": str(self.crash_probability),
            "ENGINE_BLIND_RESEND": "1" if self.blind else "0",
        }

    @property
    def command(self) -> str:
        """How to run this again."""
        flags = [f"--{name}" for name in ("faults", "freeze", "blind") if getattr(self, name)]
        kills = [f"--kills {self.kills}"] if self.kills else []
        return " ".join(
            ["python -m tests.torture", f"--minutes {self.minutes:g}", *kills, *flags, f"--seed {self.seed}"]
        )


def read_options(arguments: Sequence[str]) -> Options:
    """Return the options; leaves the program with a sentence when they make no sense."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="kill for at least so long (default 5)")
    parser.add_argument("--kills", type=int, default=0, help="and until so many processes were killed")
    parser.add_argument(
        "--kill-every",
        type=float,
        default=3,
        help="seconds between a complete worker and the next kill, on average (default 3)",
    )
    parser.add_argument(
        "--seed", type=int, default=time.time_ns() % 10**6, help="of the dice; a run is never quite the same"
    )
    parser.add_argument("--speed", type=float, default=60, help="how much faster AWS's time runs (default 60)")
    parser.add_argument("--crash-probability", type=float, help="of a worker's own death at each named point")
    parser.add_argument(
        "--blind", action="store_true", help="negative control: send again without looking; must exit 1"
    )
    parser.add_argument("--faults", action="store_true", help="let AWS answer badly, late, or not at all")
    parser.add_argument(
        "--freeze", action="store_true", help="stop workers for longer than their lease, then let them go on"
    )
    parser.add_argument("--write", action="store_true", help="run the negative control too and write docs/torture.md")
    parser.add_argument("--result", type=Path, help="also write the figures to this file, as JSON")
    parser.add_argument("--keep", type=Path, help="copy database and logs to this folder in the end")
    given = vars(parser.parse_args(arguments))
    if given["crash_probability"] is None:
        given["crash_probability"] = BLIND_CRASH_PROBABILITY if given["blind"] else CRASH_PROBABILITY
    return Options(**given)
