"""Where a run took place, and how much else went on there meanwhile."""

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path

GIB = 1 << 30
STEAL = 7  # of the fields of /proc/stat: time in which the host ran somebody else


def _cpu_times() -> list[int]:
    first, *_ = Path("/proc/stat").read_text(encoding="utf-8").splitlines()
    return [int(field) for field in first.split()[1:9]]


@dataclass
class Machine:
    """Make it when a run begins; describe() when it has ended."""

    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    before: list[int] = field(default_factory=_cpu_times)

    def describe(self) -> str:
        """Return cores, memory, Python, the load before and after, and the CPU time that the host gave to others."""
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
        spent = [after - before for after, before in zip(_cpu_times(), self.before, strict=True)]
        stolen = spent[STEAL] / max(1, sum(spent)) * 100
        return (
            f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, Python "
            f"{platform.python_version()}, load {self.load_before:.1f} before and {os.getloadavg()[0]:.1f} after, "
            f"{stolen:.0f} % of CPU time stolen"
        )
