"""State of the simulated DRS per account and Region, registered beside moto's own backends."""

import heapq
import random
from collections import deque
from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any, NamedTuple

from moto.core.base_backend import BackendDict, BaseBackend

from drsorch.simulator import dice
from drsorch.simulator.automation import AutomationExecution
from drsorch.simulator.plan_records import NativePlan, PlanExecution
from drsorch.simulator.records import Job, RecoveryInstance, SourceNetwork, SourceServer
from drsorch.simulator.timeline import Step
from drsorch.simulator.worlds.description import ServerDescription

DAY = 86400
BROKEN_FOR = (5 * 3600, 26 * 3600)


class ScheduledStep(NamedTuple):
    """A step, of a job or of none, that waits for its virtual time; `number` keeps equal times in order."""

    at: float
    number: int
    job_id: str | None
    step: Step


class Arrival(NamedTuple):
    """What another account or Region sent at virtual time `at`: a source server, or a job with its steps."""

    at: float
    server: SourceServer | None
    job: Job | None
    steps: tuple[Step, ...]


class DrsBackend(BaseBackend):
    """One account's DRS in one Region. Whoever reads or changes it holds `lock`."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = RLock()
        self.is_initialized = False
        self._servers: dict[str, SourceServer] = {}
        self._described: Sequence[ServerDescription] = ()
        self._described_at = 0.0
        self.jobs: dict[str, Job] = {}
        self.recovery_instances: dict[str, RecoveryInstance] = {}
        self.busy: dict[str, str] = {}
        self._live: dict[str, None] = {}
        self.automations: dict[str, AutomationExecution] = {}
        self.networks: dict[str, SourceNetwork] = {}
        self.native_plans: dict[str, NativePlan] = {}
        self.native_executions: dict[str, PlanExecution] = {}
        self.extends_to: frozenset[str] = frozenset()
        self._arrivals: deque[Arrival] = deque()
        self.launch_templates: dict[str, dict[str, Any]] = {}
        self.replication_templates: dict[str, dict[str, Any]] = {}
        self.launch_actions: dict[str, dict[str, dict[str, Any]]] = {}
        self.quotas: dict[str, float] = {}
        self._schedule: list[ScheduledStep] = []
        self._number = 0
        self.busy_until = 0.0

    def arn(self, kind: str, identifier: str) -> str:
        """The ARN of a resource here."""
        return f"arn:{self.partition}:drs:{self.region_name}:{self.account_id}:{kind}/{identifier}"

    def add_servers(self, descriptions: Sequence[ServerDescription], now: float) -> None:
        """Put source servers into a fresh backend; they are made when somebody asks for them."""
        self._described, self._described_at = descriptions, now

    @property
    def servers(self) -> dict[str, SourceServer]:
        """Every source server by its id."""
        if self._described:
            described, self._described = self._described, ()
            self._make_servers(described, self._described_at)
        return self._servers

    def _make_servers(self, descriptions: Sequence[ServerDescription], now: float) -> None:
        """Their ids depend on account, Region and position alone."""
        chance = random.Random(f"{self.account_id}/{self.region_name}")  # noqa: S311 - the same ids at every start
        for description in descriptions:
            server_id = f"s-{chance.getrandbits(68):017x}"
            added_at = now - chance.randint(30, 400) * DAY
            self._servers[server_id] = SourceServer(
                id=server_id,
                arn=self.arn("source-server", server_id),
                description=description,
                seed=chance.getrandbits(68),
                added_at=added_at,
                broken_at=now - chance.randint(*BROKEN_FOR),
                tags=dict(description.tags),
            )

    def add_job(self, job: Job, steps: list[Step]) -> None:
        """Remember a job and schedule its steps, whose offsets count from its creation.

        The caller holds the lock and has checked conflicts and quotas.
        """
        self.jobs[job.id] = job
        for step in steps:
            self.schedule(job.created_at + step.offset, step, job.id)
        self.busy.update(dict.fromkeys(job.participants, job.id))
        self._live[job.id] = None

    def end_job(self, job: Job) -> None:
        """Let go of the servers of a job that has ended."""
        self._live.pop(job.id, None)
        for server_id in job.participants:
            self.busy.pop(server_id, None)

    def schedule(self, at: float, step: Step, job_id: str | None = None) -> None:
        """Let a step happen at virtual time `at`; without a job it leaves no line in any log."""
        self._number += 1
        heapq.heappush(self._schedule, ScheduledStep(at, self._number, job_id, step))
        self.busy_until = max(self.busy_until, at)

    def send(self, at: float, server: SourceServer | None = None, job: Job | None = None, *steps: Step) -> None:
        """Leave a server or a job here from another account or Region, which does not hold this backend's lock."""
        self._arrivals.append(Arrival(at, server, job, steps))

    def take_arrival(self) -> Arrival | None:
        """What was sent here next, removed from the queue."""
        return self._arrivals.popleft() if self._arrivals else None

    def receive(self, arrival: Arrival) -> None:
        """Take in what was sent."""
        if arrival.server is not None:
            self.servers[arrival.server.id] = arrival.server
        if arrival.job is not None:
            self.add_job(arrival.job, list(arrival.steps))

    def forget_instance(self, instance_id: str) -> None:
        """Take a recovery instance out of the lists; its server may be launched anew."""
        instance = self.recovery_instances.pop(instance_id, None)
        server = self.servers.get(instance.source_server_id) if instance else None
        if server is not None and server.recovery_instance_id == instance_id:
            server.recovery_instance_id = None

    def stay_busy_until(self, at: float) -> None:
        """Let the clock hurry until then, because something moves with it."""
        self.schedule(at, Step(0, "MOVED"))

    def take_due_step(self, now: float) -> ScheduledStep | None:
        """The next step whose time has come, removed from the schedule."""
        if self._schedule and self._schedule[0].at <= now:
            return heapq.heappop(self._schedule)
        return None

    def waiting_steps(self, job_id: str, event: str) -> list[ScheduledStep]:
        """The steps of this name that a job has still before it."""
        return [entry for entry in self._schedule if entry.job_id == job_id and entry.step.event == event]

    def rewrite_schedule(self, change: Callable[[ScheduledStep], ScheduledStep | None]) -> None:
        """Put off the steps that wait, or drop those for which `change` returns None."""
        changed = (change(step) for step in self._schedule)
        self._schedule = [step for step in changed if step is not None]
        heapq.heapify(self._schedule)
        self.busy_until = max((step.at for step in self._schedule), default=0.0)

    def live_jobs(self) -> list[Job]:
        """Jobs that are not COMPLETED."""
        return [self.jobs[job_id] for job_id in self._live]


def new_job_id() -> str:
    """Never the same twice, also after a restart, since the product keeps job ids."""
    return f"drsjob-{dice.hex_digits(17)}"


drs_backends = BackendDict(DrsBackend, "drs")
