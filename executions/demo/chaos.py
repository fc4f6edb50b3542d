"""The second act of the demo: a drill while AWS misbehaves and the worker is killed, and whether its story is true."""

import json
import os
import signal
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from drsorch.audit.actor import Actor
from drsorch.errors import UserError
from drsorch.queue.models import WorkerHeartbeat
from executions.demo.children import Children
from executions.models import Execution, ServerRun
from executions.services import resume_execution
from executions.states import ExecutionStatus, LaunchStatus

CHAOS_PLAN = "Claims"
# The endpoint runs so much faster than AWS; what must fit to its jobs and to each other shrinks with it. The rule that
# settle window + shortest job (7 s here) exceed the signature window is that of docs/engine.md.
FASTEST = 60.0
SIGNATURE_WINDOW = 16.0
TIMES = {
    "AWS_ONCE_CONNECT_TIMEOUT_SECONDS": 1.0,
    "AWS_ONCE_READ_TIMEOUT_SECONDS": 4.0,
    "AWS_READ_TIMEOUT_SECONDS": 4.0,
    "ENGINE_LEASE_SECONDS": 10.0,
    "ENGINE_SEND_WITHIN_SECONDS": 4.0,
    "ENGINE_SETTLE_SECONDS": 12.0,
    "ENGINE_GRACE_SECONDS": 20.0,
    "ENGINE_RECONCILE_SECONDS": 1.0,
    "ENGINE_RECHECK_SECONDS": 5.0,
    "ENGINE_BACKOFF_SECONDS": 1.0,
    "ENGINE_BACKOFF_LIMIT_SECONDS": 5.0,
}
THINKS_SECONDS = 2.0
LAUNCHED = {LaunchStatus.LAUNCHED, LaunchStatus.TERMINATED}


def shrunk_times(speed: float) -> dict[str, str]:
    """Return the worker's limits for an endpoint that runs `speed` times faster than AWS, at most FASTEST."""
    return {name: f"{seconds * FASTEST / speed:g}" for name, seconds in TIMES.items()}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that happens `at` seconds after the drill was started."""

    at: float
    sentence: str
    make: Callable[[], object]


class Chaos:
    """Makes trouble at every look of the terminal, when its time has come, and says so."""

    def __init__(self, endpoint: str, children: Children, console: Console, olga: Actor) -> None:
        self.endpoint, self.children, self.console, self.olga = endpoint, children, console, olga
        self.execution: Execution | None = None
        self.began = self.paused_since = 0.0
        self.left: list[Trouble] = []

    def prepare(self, speed: float) -> None:
        """Tell the endpoint for how long a signature is good. Before the drill."""
        self._tell("settings", signature_window_seconds=SIGNATURE_WINDOW * FASTEST / speed)

    def begin(self, execution: Execution) -> None:
        """Take over a drill that was just started."""
        self.execution, self.began = execution, time.monotonic()
        self.left = self._script(execution)

    def step(self) -> None:
        """Make the trouble that is due; answer the question before a wave, as a person would. Raises ChildEnded."""
        self.children.check()
        now = time.monotonic()
        while self.left and now - self.began >= self.left[0].at:
            trouble = self.left.pop(0)
            trouble.make()
            self.console.print(f"          [bold red]{trouble.sentence}[/bold red]", highlight=False, soft_wrap=True)
        self._decide(now)

    def _script(self, execution: Execution) -> list[Trouble]:
        unlucky = ServerRun.objects.filter(wave__execution=execution).order_by("wave__number", "order").last()
        if unlucky is None:
            raise UserError(f"{execution} has no server. Start the demo again.")
        place = {"account": unlucky.account.account_id, "region": unlucky.region}
        fault, kill = self._fault, self._kill_group
        return [
            Trouble(
                0,
                "The answer to the next StartRecovery will be lost on its way.",
                lambda: fault("cut_after", "StartRecovery", times=1),
            ),
            Trouble(
                0,
                f"{unlucky.name} will fail while it is converted.",
                lambda: self._tell("servers/fail", **place, source_server_id=unlucky.source_server_id, at="CONVERSION"),
            ),
            Trouble(2, "kill -9 of the worker.", kill),
            Trouble(
                12, "AWS throttles everybody who asks about jobs.", lambda: fault("throttle", "DescribeJobs", times=9)
            ),
            Trouble(
                16,
                "AWS will start the next job, and say “internal error”.",
                lambda: fault("error_after", "StartRecovery", times=1),
            ),
            Trouble(
                22, "kill -9 of the worker's supervisor; it is started again.", lambda: self.children.kill("worker")
            ),
            Trouble(34, "AWS cannot say anything about jobs.", lambda: fault("error_before", "DescribeJobs", times=9)),
            Trouble(38, "kill -9 of the worker, in the middle of it.", kill),
        ]

    def _fault(self, kind: str, operation: str, times: int) -> None:
        self._tell("fault", kind=kind, operation=operation, times=times)

    def _kill_group(self) -> None:
        """Kill the leader of the worker's processes; the others die with it, and its supervisor starts new ones."""
        beat = WorkerHeartbeat.objects.order_by("-beat_at").first()
        if beat is not None:
            with suppress(ProcessLookupError):
                os.kill(beat.pid, signal.SIGKILL)

    def _decide(self, now: float) -> None:
        execution = self.execution
        if execution is None:
            return
        execution.refresh_from_db(fields=["status"])
        if execution.status != ExecutionStatus.PAUSED:
            self.paused_since = now
        elif now - self.paused_since >= THINKS_SECONDS:
            with suppress(UserError):  # whoever looks at the console may have been faster
                resume_execution(execution=execution, actor=self.olga)

    def _tell(self, path: str, **body: Any) -> None:
        request = urllib.request.Request(  # noqa: S310 (loopback)
            f"{self.endpoint}/_sim/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 (loopback)  # nosec B310


def untruths(execution: Execution, endpoint: str) -> tuple[list[str], str]:
    """Compare what `execution` says of its servers with the endpoint's own book of jobs.

    Return what is wrong, a sentence each, and the sentence that counts what was compared.
    """
    with urllib.request.urlopen(f"{endpoint}/_sim/jobs", timeout=10) as answer:  # noqa: S310 (loopback)  # nosec B310
        jobs = [job for job in json.load(answer) if job["tags"].get("drsorch:execution") == str(execution.pk)]
    book: dict[str, list[str]] = defaultdict(list)
    for job in jobs:
        for server, status in job["servers"].items():
            book[server].append(status)
    rows = list(ServerRun.objects.filter(wave__execution=execution))
    wrong = [f"{row.name} was started {len(book[row.source_server_id])} times." for row in rows if _is_twice(row, book)]
    wrong += [
        f"{row.name}: AWS says {book[row.source_server_id]}, we say {row.launch_status}."
        for row in rows
        if _is_false(row, book)
    ]
    launched = sum(row.launch_status in LAUNCHED for row in rows)
    number = "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs"
    counted = f"{len(rows)} servers in {number}: none started twice, {launched} launched, as shown."
    return wrong, counted


def _is_twice(row: ServerRun, book: dict[str, list[str]]) -> bool:
    return len(book[row.source_server_id]) > 1


def _is_false(row: ServerRun, book: dict[str, list[str]]) -> bool:
    return bool(LAUNCHED.intersection(book[row.source_server_id])) != (row.launch_status in LAUNCHED)
