"""From the end of a job, as DRS shows it, to the next wave's StartRecovery accepted; with a real worker."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from executions import services
from executions.models import Execution, WaveRun
from plans.models import RecoveryPlan
from tests.benchmarks.estate import Estate
from tests.benchmarks.places import LATENCY_SERVERS, PLACES
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row, milliseconds, percentile
from tests.torture.installation import Installation

SERVERS_PER_WAVE = 3
SPEED = 400.0
ENDS_WITHIN = 180.0
GOAL = 0.3
TOGETHER, ALONE = 3, 1  # rounds


@dataclass(frozen=True)
class Line:
    """One log line of the worker that says something about time."""

    at: datetime
    what: str
    place: tuple[str, str]
    ok: bool


@dataclass(frozen=True)
class Transition:
    """One change of waves, in seconds since DescribeJobs answered that the last job has ended."""

    written: float
    judged: float
    intended: float
    accepted: float


def measure(estate: Estate, installation: Installation, options: Options) -> Iterator[Row]:
    """The worker must be running. Runs four plans of many waves, one after the other and all together."""
    size = SERVERS_PER_WAVE
    waves = [slice(first, first + size) for first in range(0, LATENCY_SERVERS, size)]
    plans = [estate.plan(f"Latency {region} {account}", account, region, waves) for account, region in PLACES]
    estate.control.clock(speed=SPEED)
    alone = [_run(estate, [plan]) for _ in range(ALONE) for plan in plans]
    together = [_run(estate, plans) for _ in range(TOGETHER)]
    estate.control.clock(speed=0)
    lines = _read(installation)
    yield from _rows("one drill", [each for drills in alone for each in _transitions(drills, lines)])
    yield from _rows(
        f"{len(plans)} drills at once", [each for drills in together for each in _transitions(drills, lines)]
    )


def _rows(how: str, found: Sequence[Transition]) -> Iterator[Row]:
    accepted = [each.accepted for each in found]
    what = f"Job end shown to next StartRecovery accepted, {how}, {len(found)} transitions"
    yield Row(what, milliseconds(accepted), f"p95 at most {GOAL * 1000:.0f} ms", percentile(accepted, 0.95) <= GOAL)
    parts = {
        "the rest of the poll": [each.written for each in found],
        "wake-up and judgement": [each.judged - each.written for each in found],
        "start of the wave and intent": [each.intended - each.judged for each in found],
        "the call": [each.accepted - each.intended for each in found],
    }
    for name, seconds in parts.items():
        yield Row(f"… of which {name}", milliseconds(seconds))


def _run(estate: Estate, plans: Sequence[RecoveryPlan]) -> list[Execution]:
    """Run a drill of each plan to its end and terminate what it launched."""
    drills = [estate.start(plan) for plan in plans]
    _wait(drills, lambda drill: not drill.is_active)
    for drill in drills:
        if drill.status != "COMPLETED":
            raise RuntimeError(f"{drill} ended {drill.status}: {drill.status_reason}")
        services.terminate_instances(execution=drill, actor=estate.olga)
    _wait(drills, lambda drill: drill.instances_terminated)
    return drills


def _wait(drills: Sequence[Execution], is_done: Any) -> None:
    until = time.monotonic() + ENDS_WITHIN
    while not all(is_done(drill) for drill in drills):
        if time.monotonic() > until:
            raise RuntimeError(f"The drills of the latency benchmark did not end within {ENDS_WITHIN:g} s.")
        time.sleep(0.5)
        for drill in drills:
            drill.refresh_from_db()


def _read(installation: Installation) -> list[Line]:
    found = []
    for text in installation.log("worker").read_text(encoding="utf-8").splitlines():
        if not text.startswith("{"):
            continue
        line = json.loads(text)
        found.append(
            Line(
                at=datetime.fromisoformat(line["time"]).astimezone(UTC),
                what=line.get("operation") or line["message"],
                place=(line.get("account", ""), line.get("region", "")),
                ok=line.get("outcome", "ok") == "ok",
            )
        )
    return found


def _transitions(drills: Sequence[Execution], lines: Sequence[Line]) -> Iterator[Transition]:
    for drill in drills:
        waves = list(drill.waves.prefetch_related("launches__job", "launches__account"))
        for before, after in pairwise(waves):
            yield _transition(before, after, lines)


def _transition(before: WaveRun, after: WaveRun, lines: Sequence[Line]) -> Transition:
    ended = max(call.job.ended_at for call in before.launches.all())
    launch = min(after.launches.all(), key=lambda call: call.intended_at)
    place = (launch.account.account_id, launch.region)
    slack = timedelta(milliseconds=1)  # log times are cut to milliseconds, the database's are not
    shown = max(line.at for line in lines if line.what == "DescribeJobs" and line.place == place and line.at <= ended)
    accepted = min(
        line.at
        for line in lines
        if line.what == "StartRecovery" and line.place == place and line.ok and line.at >= launch.intended_at - slack
    )
    moments = (ended, before.ended_at, launch.intended_at, accepted)
    return Transition(*((moment - shown).total_seconds() for moment in moments))
