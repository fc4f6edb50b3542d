"""The figures of one run: counted in the end, saved as JSON, shown by `report`."""

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from executions.models import Execution, Launch
from tests.torture.verdict import instances_left, judge

if TYPE_CHECKING:
    from tests.torture.rig import Run

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
    database: str
    rules: list[str]
    kills: dict[str, int]
    deaths: dict[str, int]
    faults: dict[str, int]
    jumps: int
    freezes: dict[str, int]
    taken_over: int
    too_late: int
    people: dict[str, int]
    visitor: dict[str, int]
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
    settle_seconds: int = 0
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


def collect(run: "Run") -> Figures:
    """Count everything after the end of a run. The endpoint still answers."""
    truth = run.installation.control.jobs()
    verdict = judge(truth)
    log = run.installation.log("worker").read_text(encoding="utf-8", errors="replace")
    executions = Execution.objects.values_list("mode", "status")
    return Figures(
        command=run.options.command,
        at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        machine=run.machine.describe(),
        database=run.installation.database.label,
        rules=list(run.times.rules()),
        kills=dict(run.killer.kills),
        deaths=dict(Counter(DIED.findall(log))),
        faults=dict(+run.weather.hits),
        jumps=run.weather.jumps,
        freezes=dict(run.freezer.survived),
        taken_over=len(TAKEN_OVER.findall(log)),
        too_late=len(TOO_LATE.findall(log)),
        people=dict(run.people.counts),
        visitor=dict(run.visitor.counts),
        executions=dict(Counter(f"{mode} {status}" for mode, status in executions)),
        jobs=dict(Counter(job["type"] for job in truth)),
        adopted=Launch.objects.filter(adopted=True).count(),
        resent=Launch.objects.filter(attempt__gt=1).count(),
        groups_replaced=len(REPLACED.findall(log)),
        requests=run.traffic.total(),
        most_requests_in_a_minute=run.traffic.most_in_a_minute,
        duplicates=verdict.duplicates,
        stuck=verdict.stuck,
        lost=[*verdict.lost, *instances_left()],
        wrong=[*filter(None, [run.problem]), *(run.visitor.broken if not run.installation.database.kinds else [])],
        orphans=run.killer.orphans,
    )
