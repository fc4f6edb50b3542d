"""Two hundred executions at once over ten thousand servers: do all end, how late are ticks, what does it cost."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from executions.models import Execution, ServerRun
from plans.models import RecoveryPlan
from protection.models import SourceServer
from tests.benchmarks.estate import Estate
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row, percentile
from tests.queue import processes
from tests.torture import witness
from tests.torture.installation import Installation

WAVES, SERVERS = 5, 10
LATE_P95, MEMORY, FLAT = 2.0, 400, 1.15
LOOK_EVERY = 2.0
MIB = 1 << 20
# A launch of ten servers takes some eight minutes of AWS's time; and the machine may not keep up.
ENDS_WITHIN = 30 * 60


def measure(estate: Estate, installation: Installation, options: Options) -> Iterator[Row]:
    """The worker must be running, with nothing to do."""
    plans = list(_plans(estate, options.executions))
    witness.install()
    family = processes.below(installation.pid("worker"))
    before = _cpu_seconds(installation)
    began = time.monotonic()
    estate.control.clock(speed=options.load_speed)
    for plan in plans:
        estate.start(plan)
    started = time.monotonic() - began
    memory = list(_watch(installation))
    lasted = time.monotonic() - began
    estate.control.clock(speed=0)
    runs = ServerRun.objects.count()
    what = f"{len(plans)} executions of {WAVES} waves of {SERVERS} servers, AWS {options.load_speed:g} times faster"
    yield _ended(what, lasted, started)
    late = witness.lateness()
    yield Row(
        f"How late ticks begin, {len(late)} ticks",
        f"p50 {percentile(late, 0.5):.2f} s, p95 {percentile(late, 0.95):.2f} s, longest {max(late):.1f} s",
        f"p95 at most {LATE_P95:g} s",
        percentile(late, 0.95) <= LATE_P95,
    )
    yield from _memory(memory)
    cpu = _cpu_seconds(installation) - before
    yield Row("CPU of the worker per server run", f"{cpu / max(1, runs):.3f} s ({cpu:.0f} s for {runs} servers)")
    yield Row("Processes of the worker replaced", str(len(family) - len(processes.still_alive(family))))
    total = estate.control.requests()["total"]
    asked = sum(total.values()) / lasted * 60
    yield Row("Requests to AWS per minute, all accounts and Regions", f"{asked:.0f}")


def _ended(what: str, lasted: float, started: float) -> Row:
    by_status = {
        status: Execution.objects.filter(status=status).count()
        for status in set(Execution.objects.values_list("status", flat=True))
    }
    counted = ", ".join(f"{number} {status.lower()}" for status, number in sorted(by_status.items()))
    is_met = set(by_status) == {"COMPLETED"}
    return Row(what, f"{counted} in {lasted:.0f} s, of which {started:.0f} s to start them", "all complete", is_met)


def _plans(estate: Estate, count: int) -> Iterator[RecoveryPlan]:
    """One plan for each fifty servers of an account and Region."""
    size = WAVES * SERVERS
    made = 0
    for account in estate.estate_accounts:
        for region in sorted(account.regions.values_list("region", flat=True)):
            servers = list(SourceServer.objects.at(account, region).order_by("hostname"))
            for first in range(0, len(servers) - size + 1, size):
                if made == count:
                    return
                made += 1
                parts = [servers[first + at : first + at + SERVERS] for at in range(0, size, SERVERS)]
                yield estate.plan_of(f"Load {made:03d}", account, region, parts)


def _watch(installation: Installation) -> Iterator[float]:
    """Yield the worker's memory, in MiB, until all executions have ended."""
    until = time.monotonic() + ENDS_WITHIN
    while Execution.objects.active().exists() and time.monotonic() < until:
        yield _memory_of(installation)
        time.sleep(LOOK_EVERY)


def _memory(seen: Sequence[float]) -> Iterator[Row]:
    part = max(1, len(seen) // 4)
    first, last = median(seen[part : 2 * part] or seen), median(seen[-part:])
    yield Row(
        "Memory of the worker, all its processes",
        f"at most {max(seen):.0f} MiB",
        f"under {MEMORY} MiB",
        max(seen) < MEMORY,
    )
    is_flat = last <= first * FLAT
    yield Row("… in the second and in the last quarter of the run", f"{first:.0f} and {last:.0f} MiB", "flat", is_flat)


def _memory_of(installation: Installation) -> float:
    """Proportional set size: what processes share is counted once."""
    total = 0
    for found in processes.below(installation.pid("worker")):
        try:
            lines = Path(f"/proc/{found.pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue  # it has just ended
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / MIB


def _cpu_seconds(installation: Installation) -> float:
    """Of all processes of the worker, those included that it has replaced."""
    total = 0
    for found in processes.below(installation.pid("worker")):
        try:
            fields = Path(f"/proc/{found.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")
