"""What runs below a process, read from /proc: for tests that kill parts of the worker."""

import contextlib
import os
import time
from pathlib import Path
from typing import NamedTuple


class Found(NamedTuple):
    """One process. `role` is supervisor, guard, worker, pusher, monitor or ticker; (pid, born) is unique."""

    pid: int
    role: str
    parent: int
    state: str
    born: str


def look(pid):
    """Return the process `pid`, or None when it is gone or only waits to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    name, _, rest = stat.partition("(")[2].rpartition(")")
    fields = rest.split()
    if fields[0] in "ZX":
        return None
    return Found(pid, name.removeprefix("drs-"), int(fields[1]), fields[0], fields[19])


def everything():
    """Return all processes of this machine."""
    return [found for entry in Path("/proc").iterdir() if entry.name.isdecimal() and (found := look(int(entry.name)))]


def below(pid):
    """Return `pid` and all its descendants."""
    alive = everything()
    family = {pid}
    while grown := {found.pid for found in alive if found.parent in family} - family:
        family |= grown
    return [found for found in alive if found.pid in family]


def roles(pid):
    """Return the descendants of the supervisor `pid` by role, each a list of pids."""
    sorted_out = {}
    for found in below(pid):
        sorted_out.setdefault(found.role, []).append(found.pid)
    return sorted_out


def open_files(pid):
    """Return what the process `pid` has open."""
    return [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]


def using(database):
    """Return the processes that were started with `database` as their DATABASE_URL, whoever their parent is now."""
    wanted = f"DATABASE_URL=sqlite:///{database}".encode()
    found = []
    for process in everything():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if wanted in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0"):
                found.append(process)
    return found


def still_alive(family):
    """Return those of `family` (from below()) that still run; a reused pid does not count."""
    return [found for found in family if (now := look(found.pid)) and now.born == found.born]


def wait_for(condition, seconds=30.0):
    """Return the first true answer of `condition()`, asked until `seconds` have passed; else its last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def send(pid, number):
    """Signal `pid` if it still exists."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
