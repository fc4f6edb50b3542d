"""What it costs to watch executions: requests to AWS per minute, with one and with a hundred in one place."""

import time
from collections.abc import Iterator

from executions.models import Execution, Launch
from executions.states import CallStatus
from tests.benchmarks.estate import Estate
from tests.benchmarks.places import MANY, TARGET
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row
from tests.queue import processes
from tests.torture.installation import Installation

COUNTS = (1, 100)
MOST = 1.2
NO_LONGER_YOUNG = 35.0  # seconds: young jobs are asked about more often, whoever started them
SENT_WITHIN = 120.0
PROCESSES = 4
ROLES_PER_HOUR = 2


def measure(estate: Estate, _installation: Installation, options: Options) -> Iterator[Row]:
    """The worker must be running. The endpoint's clock stands still, so that jobs neither end nor change."""
    plans = [
        estate.plan(f"Watched {number}", TARGET, MANY, [slice(number, number + 1)]) for number in range(COUNTS[-1])
    ]
    began, found, started = time.monotonic(), [], 0
    estate.control.reset_requests()
    roles = 0
    for count in COUNTS:
        for plan in plans[started:count]:
            estate.start(plan)
        started = count
        _wait_for_jobs(count)
        time.sleep(NO_LONGER_YOUNG)
        roles += estate.control.requests()["total"].get("sts.AssumeRole", 0)
        estate.control.reset_requests()
        time.sleep(options.window)
        total = estate.control.requests()["total"]
        asked = {name: times for name, times in total.items() if name.startswith("drs.")}
        found.append(sum(asked.values()) / options.window * 60)
        calls = ", ".join(f"{name.removeprefix('drs.')} {times}" for name, times in sorted(asked.items()))
        yield Row(f"Reads of DRS per minute, {count} active", f"{found[-1]:.0f} ({calls} in {options.window:g} s)")
    ratio = found[-1] / max(1.0, found[0])
    yield Row(f"Reads of DRS, {COUNTS[-1]} to {COUNTS[0]}", f"{ratio:.2f} times", f"at most {MOST}", ratio <= MOST)
    roles += estate.control.requests()["total"].get("sts.AssumeRole", 0)
    hours = max(1.0, (time.monotonic() - began) / 3600)  # a role is kept for 55 minutes: none is asked for twice sooner
    each = roles / hours / (PROCESSES + 1)  # the fifth process is this one
    yield Row(
        "AssumeRole per hour and process, one account",
        f"{each:.1f} ({roles} by {PROCESSES + 1} processes)",
        f"at most {ROLES_PER_HOUR}",
        each <= ROLES_PER_HOUR,
    )
    _tidy(estate)


def _wait_for_jobs(count: int) -> None:
    sent = Launch.objects.filter(status=CallStatus.SENT, wave__execution__plan_name__startswith="Watched")
    if not processes.wait_for(lambda: sent.count() == count, SENT_WITHIN):
        raise RuntimeError(f"{sent.count()} jobs run instead of {count}.")


def _tidy(estate: Estate) -> None:
    """Let the drills end, so that they cost no other part anything."""
    estate.control.clock(speed=600)
    mine = Execution.objects.active().filter(plan_name__startswith="Watched")
    processes.wait_for(lambda: not mine.exists(), SENT_WITHIN)
    estate.control.clock(speed=0)
