"""The database that is tortured: a file of SQLite, a PostgreSQL that the rig owns, or one that it was given."""

import os
import pwd
import random
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psycopg

from drsorch.queue.lifeline import end_with_parent
from tests.queue import processes
from tests.torture.ports import free_port

PROGRAMS = Path("/usr/lib/postgresql")
NAME = USER = "drsorch"
UNPRIVILEGED = ("postgres", "nobody")
UP_WITHIN = 60.0
STOP_WITHIN = 10.0
OPTIONS = ("-c", "max_connections=200", "-c", "unix_socket_directories=")


class Database(Protocol):
    """What the rig needs to know. `kinds` are the ways in which it can be hit; a file has none."""

    url: str
    label: str
    kinds: Sequence[str]

    def start(self) -> None:
        """Make it ready for migrations."""

    def stop(self) -> None:
        """End it, and remove what the folder of the rig does not hold."""

    def hit(self, kind: str) -> bool:
        """Hit it in one of its ways; False when there was nothing to hit."""

    def is_up(self) -> bool:
        """Tell whether it takes connections; start it again when it is down."""


class Sqlite:
    """A file."""

    label = "SQLite"
    kinds: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'drsorch.sqlite3'}"

    def start(self) -> None:
        """Nothing to do: the first connection makes the file."""

    def stop(self) -> None:
        """Nothing to do: the file goes with its folder."""

    def hit(self, kind: str) -> bool:
        """A file has no process."""
        raise AssertionError(f"SQLite cannot be hit ({kind}).")

    def is_up(self) -> bool:
        """A file is always there."""
        return True


class Cluster:
    """PostgreSQL of our own: its processes may be killed with SIGKILL, and it is started again."""

    label = "PostgreSQL"
    kinds = ("one backend", "postmaster", "all processes")

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "postgresql", free_port()
        self.url = f"postgres://{USER}@127.0.0.1:{self.port}/{NAME}"
        self.postmaster: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster and its database. Raises RuntimeError when PostgreSQL is not installed."""
        self.folder.mkdir()
        if owner := _unprivileged():
            shutil.chown(self.folder, owner)
            self.folder.parent.chmod(0o711)  # the owner must get through to it
        self._run("initdb", "-D", str(self.folder), "-U", USER, "--auth=trust", "-E", "UTF8", "--no-sync")
        self._launch()
        if not processes.wait_for(self.is_up, UP_WITHIN):
            raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text(encoding='utf-8')}")
        with self._connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {NAME}")

    def stop(self) -> None:
        """End it fast: the folder goes away."""
        if self.postmaster is None or self.postmaster.poll() is not None:
            return
        self.postmaster.send_signal(signal.SIGINT)
        try:
            self.postmaster.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._kill_all()

    def hit(self, kind: str) -> bool:
        """Kill one session's process, the postmaster alone, or everything at once."""
        family = self._family()
        if kind == "one backend":
            backends = [found for found in family if found.pid != self._pid() and b"127.0.0.1" in _title(found.pid)]
            if not backends:
                return False
            processes.send(random.choice(backends).pid, signal.SIGKILL)  # noqa: S311 (dice)
        elif kind == "postmaster":
            processes.send(self._pid(), signal.SIGKILL)
        else:
            self._kill_all()
        return True

    def is_up(self) -> bool:
        """Tell whether it takes connections. One that has ended is started again, as an init system would."""
        if self.postmaster is None or self.postmaster.poll() is not None:
            self._launch()
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _launch(self) -> None:
        """Start the postmaster. While processes of the one before still end it refuses, and is started once more."""
        parent = os.getpid()
        with (self.folder / "log").open("ab") as log:
            self.postmaster = subprocess.Popen(
                [_program("postgres"), "-D", str(self.folder), "-p", str(self.port), "-h", "127.0.0.1", *OPTIONS],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={"LC_ALL": "C"},
                user=_unprivileged(),
                start_new_session=True,
                preexec_fn=lambda: end_with_parent(parent),  # noqa: PLW1509 (takes no lock)
            )

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [_program(program), *arguments], check=True, stdout=subprocess.DEVNULL, user=_unprivileged(), cwd="/"
        )

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, dbname=name, autocommit=True, connect_timeout=2
        )

    def _pid(self) -> int:
        return self.postmaster.pid if self.postmaster else 0

    def _family(self) -> list[processes.Found]:
        return processes.below(self._pid())

    def _kill_all(self) -> None:
        for found in self._family():
            processes.send(found.pid, signal.SIGKILL)


class Given:
    """A PostgreSQL that runs already: a database of our own in it, whose sessions are ended instead of killed."""

    label = "PostgreSQL (given)"
    kinds = ("one session", "all sessions")

    def __init__(self, url: str) -> None:
        server, _, _ = url.rpartition("/")
        self.given, self.name = url, f"drsorch_torture_{os.getpid()}"
        self.url = f"{server}/{self.name}"

    def start(self) -> None:
        """Make the database."""
        self._do(f"CREATE DATABASE {self.name}")

    def stop(self) -> None:
        """Remove it."""
        self._do(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def hit(self, kind: str) -> bool:
        """End one session, or all."""
        sessions = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.name}'"  # noqa: S608
        return bool(self._do(sessions + (" ORDER BY random() LIMIT 1" if kind == "one session" else "")))

    def is_up(self) -> bool:
        """Somebody else looks after it."""
        return True

    def _do(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.given, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def choose(folder: Path, *, postgresql: bool) -> Database:
    """Return the database that options and environment ask for."""
    if postgresql:
        return Cluster(folder)
    url = os.environ.get("DATABASE_URL", "")
    return Given(url) if url.startswith("postgres") else Sqlite(folder)


def is_installed() -> bool:
    """Tell whether a cluster of our own can be made."""
    return any(PROGRAMS.glob("*/bin/initdb"))


def _program(name: str) -> str:
    found = sorted(PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    if not found:
        raise RuntimeError(f"There is no {name} below {PROGRAMS}. Install PostgreSQL: apt install postgresql.")
    return str(found[-1])


def _unprivileged() -> str | None:
    """Return the user that PostgreSQL runs as when we are root, which it refuses to be."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _title(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
