"""Executions with what they left: waves, servers, jobs and their logs."""

from datetime import timedelta

from drsorch.access.models import User
from executions.models import (
    AccountSet,
    Event,
    Execution,
    ExecutionTag,
    Job,
    JobEvent,
    Launch,
    ServerRun,
    WaveRun,
)
from tests.benchmarks.holdings.stock import SERVERS_PER_GROUP, Stock

WIDE, WIDE_SERVERS = 100, 5  # every so many executions launch so many servers a wave instead of one
TOLD = 10  # every so many executions have a timeline and job logs; of the others retention has left the result
RUNNING = 10  # the last execution of every so many plans goes on
PURPOSES = ("audit", *("exercise",) * 19)
ENDS = ("COMPLETED",) * 15 + ("FAILED", "FAILED", "CANCELLED", "PARTIAL", "PARTIAL")


class History:
    """Executions of the plans in stock, one after the other."""

    def __init__(self, stock: Stock, owner: User) -> None:
        self.stock, self.owner = stock, owner
        self.sets: dict[frozenset[tuple[int, str]], AccountSet] = {}

    def write(self, numbers: range) -> None:
        """Write the executions of these numbers: the first is the newest."""
        plans = self.stock.size.plans
        executions = Execution.objects.bulk_create([self._execution(number) for number in numbers])
        ExecutionTag.objects.bulk_create(
            [
                ExecutionTag.of(execution, key, value)
                for number, execution in zip(numbers, executions, strict=True)
                for key, value in (("Pipeline", f"run-{number // 5}"), ("Purpose", PURPOSES[number % len(PURPOSES)]))
            ]
        )
        places = [
            (number, execution, *wave)
            for number, execution in zip(numbers, executions, strict=True)
            for wave in enumerate(self.stock.groups_of(number % plans), start=1)
        ]
        waves = WaveRun.objects.bulk_create([_wave(execution, wave) for _, execution, wave, _ in places])
        members = [
            [self._run(wave, group, number // plans + n) for n in range(1 if number % WIDE else WIDE_SERVERS)]
            for wave, (number, _, _, group) in zip(waves, places, strict=True)
        ]
        ServerRun.objects.bulk_create([run for runs in members for run in runs])
        jobs = Job.objects.bulk_create([_job(wave, runs[0]) for wave, runs in zip(waves, members, strict=True)])
        launches = Launch.objects.bulk_create([_launch(wave, job) for wave, job in zip(waves, jobs, strict=True)])
        through = Launch.servers.through
        through.objects.bulk_create(
            [
                through(launch_id=launch.pk, serverrun_id=run.pk)
                for launch, runs in zip(launches, members, strict=True)
                for run in runs
            ]
        )
        self._lines([each for number, each in zip(numbers, executions, strict=True) if number % TOLD == 0])

    def _lines(self, executions: list[Execution]) -> None:
        Event.objects.bulk_create(
            [
                Event(
                    execution=each,
                    who="engine",
                    what="LAUNCHING",
                    sentence=f"Line {line} of the timeline.",
                    tone="info",
                )
                for each in executions
                for line in range(8)
            ]
        )
        jobs = Job.objects.filter(launch__wave__execution__in=executions)
        JobEvent.objects.bulk_create(
            [
                JobEvent(job=job, at=job.created_at, event="LAUNCH_END", digest=f"{line:064}")
                for job in jobs
                for line in range(5)
            ]
        )

    def _execution(self, number: int) -> Execution:
        plan = self.stock.plans[number % self.stock.size.plans]
        created = self.stock.now - timedelta(minutes=5 * number + 1)
        is_active = number < self.stock.size.plans and number % RUNNING == 3
        return Execution(
            plan=plan,
            plan_name=plan.name,
            plan_version=1,
            snapshot={"name": plan.name, "rtoMinutes": 60, "waves": [{"name": "Wave", "note": "x" * 400}] * 2},
            rto_minutes=60,
            ran_in=self._ran_in(number % self.stock.size.plans),
            mode="RECOVERY" if number % 25 == 7 else "DRILL",
            status="POLLING" if is_active else ENDS[number % len(ENDS)],
            status_reason="All servers launched.",
            initiated_by=self.owner,
            initiator="ada",
            source=("UI", "API")[number // self.stock.size.plans % 2],  # of every plan both
            parent_execution_id=f"pipeline-{number // 5}",
            created_at=created,
            started_at=created,
            ended_at=None if is_active else created + timedelta(minutes=20 + number % 50),
        )

    def _ran_in(self, plan: int) -> AccountSet:
        groups = [self.stock.groups[number] for number in self.stock.groups_of(plan)]
        found = frozenset((group.account_id, group.region) for group in groups)
        if found not in self.sets:
            self.sets[found] = AccountSet.of(found)
        return self.sets[found]

    def _run(self, wave: WaveRun, group: int, place: int) -> ServerRun:
        server = self.stock.servers[group * SERVERS_PER_GROUP + place % SERVERS_PER_GROUP]
        return ServerRun(
            wave=wave,
            plan_id=wave.execution.plan_id,
            ran_in_id=wave.execution.ran_in_id,
            mode=wave.execution.mode,
            server=server,
            account_id=server.account_id,
            region=server.region,
            source_server_id=server.source_server_id,
            name=server.hostname,
            launch_status="LAUNCHED",
            recovery_instance_id=f"i-{wave.pk:012x}{place % SERVERS_PER_GROUP:05x}",
            launched_at=wave.started_at,
            ended_at=wave.started_at,
        )


def _wave(execution: Execution, number: int) -> WaveRun:
    ended = execution.ended_at
    return WaveRun(
        execution=execution,
        number=number,
        name=f"Wave {number}",
        timeout_minutes=60,
        status="COMPLETED" if ended else "LAUNCHING",
        started_at=execution.created_at,
        ended_at=ended,
    )


def _job(wave: WaveRun, run: ServerRun) -> Job:
    return Job(
        account_id=run.account_id,
        region=run.region,
        job_id=f"drsjob-{wave.pk:017x}",
        type="LAUNCH",
        status="COMPLETED",
        created_at=wave.started_at,
        polled_at=wave.started_at,
        log_read_at=wave.started_at,
        ended_at=wave.started_at,
    )


def _launch(wave: WaveRun, job: Job) -> Launch:
    return Launch(
        wave=wave, account_id=job.account_id, region=job.region, status="DONE", intended_at=wave.started_at, job=job
    )
