"""The figures of one run: counted in the end, saved as JSON, shown by `report`."""

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from executions.models import Execution, Launch
from tests.torture.faults import Weather
from tests.torture.freezer import Freezer
from tests.torture.installation import Installation
from tests.torture.killer import Killer
from tests.torture.machine import Machine
from tests.torture.options import Options
from tests.torture.people import People
from tests.torture.times import Times
from tests.torture.traffic import Traffic
from tests.torture.verdict import judge

DIED = re.compile(r"Dying on purpose at '([^']+)'")
TAKEN_OVER = re.compile(r"was taken over by another worker")
TOO_LATE = re.compile(r'"outcome": "too_late"')
REPLACED = re.compile(r"Worker group \d+ is replaced ")


@dataclass
class Figures:
    """Everything worth telling about one run."""

    command: str
    at: str
    machine: str
    rules: list[str]
    kills: dict[str, int]
    deaths: dict[str, int]
    faults: dict[str, int]
    freezes: int
    taken_over: int
    too_late: int
    people: dict[str, int]
    executions: dict[str, int]
    jobs: dict[str, int]
    adopted: int
    resent: int
    groups_replaced: int
    requests: int
    most_requests_in_a_minute: int
    duplicates: list[str]
    stuck: list[str]
    lost: list[str]
    wrong: list[str] = field(default_factory=list)
    orphans: int = 0
    seconds: int = 0
    stop_seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """True when nothing was launched twice, stuck, lost or left running."""
        return not (self.duplicates or self.stuck or self.lost or self.wrong or self.orphans)

    def save(self, file: Path) -> None:
        """Write as JSON."""
        file.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what save() wrote."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))


def collect(
    *,
    killer: Killer,
    freezer: Freezer,
    weather: Weather,
    people: People,
    traffic: Traffic,
    installation: Installation,
    options: Options,
    times: Times,
    machine: Machine,
) -> Figures:
    """Count everything after the end of a run."""
    truth = installation.control.jobs()
    verdict = judge(truth)
    log = installation.log("worker").read_text(encoding="utf-8", errors="replace")
    return Figures(
        command=options.command,
        at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        machine=machine.describe(),
        rules=list(times.rules()),
        kills=dict(killer.kills),
        deaths=dict(Counter(DIED.findall(log))),
        faults=dict(+weather.hits),
        freezes=freezer.survived,
        taken_over=len(TAKEN_OVER.findall(log)),
        too_late=len(TOO_LATE.findall(log)),
        people=dict(people.counts),
        executions=dict(Counter(Execution.objects.values_list("status", flat=True))),
        jobs=dict(Counter(job["type"] for job in truth)),
        adopted=Launch.objects.filter(adopted=True).count(),
        resent=Launch.objects.filter(attempt__gt=1).count(),
        groups_replaced=len(REPLACED.findall(log)),
        requests=traffic.total(),
        most_requests_in_a_minute=traffic.most_in_a_minute,
        duplicates=verdict.duplicates,
        stuck=verdict.stuck,
        lost=verdict.lost,
        wrong=[problem for problem in (people.problem, killer.problem) if problem],
        orphans=killer.orphans,
    )
