"""State of the simulated DRS per account and Region, registered beside moto's own backends."""

import heapq
import itertools
import random
import secrets
from threading import RLock
from typing import NamedTuple

from moto.core.base_backend import BackendDict, BaseBackend

from drsorch.simulator.records import Job, RecoveryInstance, SourceServer
from drsorch.simulator.timeline import Step
from drsorch.simulator.worlds.description import ServerDescription

DAY = 86400
BROKEN_FOR = (5 * 3600, 26 * 3600)


class ScheduledStep(NamedTuple):
    """A step of a job that waits for its virtual time; `number` keeps equal times in order."""

    at: float
    number: int
    job_id: str
    step: Step


class DrsBackend(BaseBackend):
    """One account's DRS in one Region. Whoever reads or changes it holds `lock`."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = RLock()
        self.is_initialized = False
        self.servers: dict[str, SourceServer] = {}
        self.jobs: dict[str, Job] = {}
        self.recovery_instances: dict[str, RecoveryInstance] = {}
        self.busy: dict[str, str] = {}
        self._schedule: list[ScheduledStep] = []
        self._numbers = itertools.count()

    def arn(self, kind: str, identifier: str) -> str:
        """The ARN of a resource here."""
        return f"arn:{self.partition}:drs:{self.region_name}:{self.account_id}:{kind}/{identifier}"

    def add_servers(self, descriptions: tuple[ServerDescription, ...], now: float) -> None:
        """Put source servers into a fresh backend. Their ids depend on account, Region and position alone."""
        dice = random.Random(f"{self.account_id}/{self.region_name}")  # noqa: S311 - the same ids at every start
        for description in descriptions:
            server_id = f"s-{dice.getrandbits(68):017x}"
            added_at = now - dice.randint(30, 400) * DAY
            self.servers[server_id] = SourceServer(
                id=server_id,
                arn=self.arn("source-server", server_id),
                description=description,
                seed=dice.getrandbits(68),
                added_at=added_at,
                broken_at=now - dice.randint(*BROKEN_FOR),
                tags=dict(description.tags),
            )

    def add_job(self, job: Job, steps: list[Step]) -> None:
        """Remember a job and schedule its steps, whose offsets count from its creation.

        The caller holds the lock and has checked conflicts and quotas.
        """
        self.jobs[job.id] = job
        for step in steps:
            heapq.heappush(
                self._schedule, ScheduledStep(job.created_at + step.offset, next(self._numbers), job.id, step)
            )
        self.busy.update(dict.fromkeys(job.participants, job.id))

    def take_due_step(self, now: float) -> ScheduledStep | None:
        """The next step whose time has come, removed from the schedule."""
        if self._schedule and self._schedule[0].at <= now:
            return heapq.heappop(self._schedule)
        return None

    @property
    def is_busy(self) -> bool:
        """Whether something is still to happen."""
        return bool(self._schedule)

    def live_jobs(self) -> list[Job]:
        """Jobs that are not COMPLETED."""
        return [self.jobs[job_id] for job_id in dict.fromkeys(self.busy.values())]


def new_job_id() -> str:
    """Never the same twice, also after a restart, since the product keeps job ids."""
    return f"drsjob-{secrets.token_hex(9)[:17]}"


drs_backends = BackendDict(DrsBackend, "drs")
