"""An installation as it is after years: servers, groups, plans, executions with what they left, evidence, grants."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission as DjangoPermission
from django.db import transaction
from django.utils import timezone

from drsorch.access.models import ApiToken, Team, User
from drsorch.access.roles import Permission
from executions.models import AccountSet, Event, Execution, Job, JobEvent, Launch, Poller, ServerRun, WaveRun
from plans.models import PlanTeamGrant, PlanUserGrant, RecoveryPlan, Wave, WaveGroup
from protection.models import (
    AccountRegion,
    AccountUserGrant,
    GroupTeamGrant,
    GroupUserGrant,
    ProtectionGroup,
    ServerTag,
    SourceServer,
    TargetAccount,
)

ACCOUNTS, REGIONS = 10, ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")
SERVERS_PER_GROUP, GROUPS_PER_PLAN = 10, 2
AT_A_TIME = 1000
WIDE, WIDE_SERVERS = 100, 5  # every so many executions launch so many servers a wave instead of one
TOLD = 10  # every so many executions have a timeline and job logs; of the others retention has left the result
RUNNING = 10  # the last execution of every so many plans goes on
CROWD = 20
ENDS = ("COMPLETED",) * 15 + ("FAILED", "FAILED", "CANCELLED", "PARTIAL", "PARTIAL")
REPLICATION = ("CONTINUOUS",) * 8 + ("BACKLOG", "STALLED")
LEVELS = ("view", "operate", "manage")


@dataclass(frozen=True)
class Size:
    """How many of everything: a group and a plan for each ten servers, and ten executions for each server."""

    executions: int

    @property
    def servers(self) -> int:
        """Source servers in ten accounts of four Regions."""
        return self.executions // 10

    @property
    def plans(self) -> int:
        """Plans, and groups."""
        return self.executions // 100

    def __str__(self) -> str:
        return f"{self.servers:,} servers, {self.plans:,} groups and plans, {self.executions:,} executions"


class Holdings:
    """Writes all of it into an empty database. The rows of the same number are alike, however many there are."""

    def __init__(self, size: Size, owner: User) -> None:
        self.size, self.owner, self.now = size, owner, timezone.now()
        self.accounts: list[TargetAccount] = []
        self.groups: list[ProtectionGroup] = []
        self.plans: list[RecoveryPlan] = []
        self.servers: list[SourceServer] = []
        self.sets: dict[tuple[int, ...], AccountSet] = {}

    def write(self) -> None:
        """Write everything but the evidence."""
        with transaction.atomic():
            self._places()
            self._inventory()
            self._plan_rows()
            self._grants()
            self._tokens()
        for first in range(0, self.size.executions, AT_A_TIME):
            with transaction.atomic():
                self._executions(range(first, min(first + AT_A_TIME, self.size.executions)))

    def account_of(self, group: int) -> int:
        """Return the number of the account that the group of a number is in."""
        return group % ACCOUNTS

    def groups_of(self, plan: int) -> list[int]:
        """Return the numbers of a plan's groups: in one account, but every tenth plan is in two."""
        step = 1 if plan % ACCOUNTS == ACCOUNTS - 1 else ACCOUNTS
        return [plan, (plan + step) % self.size.plans]

    def _places(self) -> None:
        made = (
            TargetAccount(account_id=f"{4 * 10**11 + n}", name=f"Account {n}", status="VALID") for n in _to(ACCOUNTS)
        )
        self.accounts = TargetAccount.objects.bulk_create(made)
        places = [(account, region) for account in self.accounts for region in REGIONS]
        AccountRegion.objects.bulk_create(
            AccountRegion(account=account, region=region, last_synced_at=self.now, is_initialized=True)
            for account, region in places
        )
        Poller.objects.bulk_create(Poller(account=account, region=region) for account, region in places)

    def _inventory(self) -> None:
        self.groups = ProtectionGroup.objects.bulk_create(
            ProtectionGroup(
                name=f"Group {number:05}",
                account=self.accounts[self.account_of(number)],
                region=REGIONS[number // ACCOUNTS % len(REGIONS)],
                tier=("web", "app", "db")[number % 3],
            )
            for number in _to(self.size.plans)
        )
        self.servers = SourceServer.objects.bulk_create(
            (self._server(number) for number in _to(self.size.servers)), batch_size=AT_A_TIME
        )
        ServerTag.objects.bulk_create(
            (
                ServerTag(server=server, key=key, value=value)
                for number, server in enumerate(self.servers)
                for key, value in (("Name", server.hostname), ("Application", f"app-{number % 50}"), ("Tier", "web"))
            ),
            batch_size=AT_A_TIME,
        )

    def _server(self, number: int) -> SourceServer:
        group = self.groups[number // SERVERS_PER_GROUP]
        return SourceServer(
            account_id=group.account_id,
            region=group.region,
            source_server_id=f"s-{number:017x}",
            group=group,
            hostname=f"host-{number:06}",
            replication_state=REPLICATION[number % len(REPLICATION)],
            ips=[f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"],
            synced_at=self.now,
        )

    def _plan_rows(self) -> None:
        self.plans = RecoveryPlan.objects.bulk_create(
            RecoveryPlan(name=f"Plan {number:05}", rto_minutes=60, last_status="COMPLETED")
            for number in _to(self.size.plans)
        )
        waves = Wave.objects.bulk_create(
            Wave(plan=plan, number=number, name=f"Wave {number}")
            for plan in self.plans
            for number in range(1, GROUPS_PER_PLAN + 1)
        )
        groups = (group for number in _to(self.size.plans) for group in self.groups_of(number))
        WaveGroup.objects.bulk_create(
            WaveGroup(wave=wave, group=self.groups[group]) for wave, group in zip(waves, groups, strict=True)
        )

    def _grants(self) -> None:
        """Grant groups and plans to a crowd and its teams: what others are granted is what must not be searched."""
        people = User.objects.bulk_create(User(username=f"person-{number}") for number in _to(CROWD))
        teams = [Team.objects.create(name=f"team-{number}") for number in _to(CROWD)]
        for number, person in enumerate(people):
            person.groups.add(teams[number])
        tables = ((GroupUserGrant, GroupTeamGrant, self.groups), (PlanUserGrant, PlanTeamGrant, self.plans))
        for to_person, to_team, rows in tables:
            level = granting(type(rows[0]))
            to_person.objects.bulk_create(
                to_person(user=people[n % CROWD], permission=level(LEVELS[n % 3]), content_object=row)
                for n, row in enumerate(rows)
            )
            to_team.objects.bulk_create(
                to_team(group=teams[n % CROWD], permission=level(LEVELS[n % 3]), content_object=row)
                for n, row in enumerate(rows)
            )
        manages = granting(TargetAccount)("manage")
        AccountUserGrant.objects.bulk_create(
            AccountUserGrant(user=person, permission=manages, content_object=self.accounts[n % ACCOUNTS])
            for n, person in enumerate(people)
        )

    def _tokens(self) -> None:
        ApiToken.objects.bulk_create(
            ApiToken(
                owner=self.owner,
                name=f"Pipeline {number}",
                digest=hashlib.sha256(str(number).encode()).hexdigest(),
                scopes=[Permission.VIEW_RESOURCES],
                expires_at=self.now + timedelta(days=30),
            )
            for number in _to(max(2, self.size.executions // 500))
        )

    def _executions(self, numbers: range) -> None:
        executions = Execution.objects.bulk_create([self._execution(number) for number in numbers])
        places = [
            (number, execution, *wave)
            for number, execution in zip(numbers, executions, strict=True)
            for wave in enumerate(self.groups_of(number % self.size.plans), start=1)
        ]
        waves = WaveRun.objects.bulk_create([_wave(execution, wave) for _, execution, wave, _ in places])
        members = [
            [self._run(wave, group, number // self.size.plans + n) for n in _to(1 if number % WIDE else WIDE_SERVERS)]
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
                for line in _to(8)
            ]
        )
        jobs = Job.objects.filter(launch__wave__execution__in=executions)
        JobEvent.objects.bulk_create(
            [
                JobEvent(job=job, at=job.created_at, event="LAUNCH_END", digest=f"{line:064}")
                for job in jobs
                for line in _to(5)
            ]
        )

    def _execution(self, number: int) -> Execution:
        plan = self.plans[number % self.size.plans]
        created = self.now - timedelta(minutes=5 * number + 1)
        is_active = number < self.size.plans and number % RUNNING == 3
        return Execution(
            plan=plan,
            plan_name=plan.name,
            plan_version=1,
            snapshot={"name": plan.name, "rtoMinutes": 60, "waves": [{"name": "Wave", "note": "x" * 400}] * 2},
            ran_in=self._ran_in(number % self.size.plans),
            mode="RECOVERY" if number % 25 == 7 else "DRILL",
            status="POLLING" if is_active else ENDS[number % len(ENDS)],
            status_reason="All servers launched.",
            initiated_by=self.owner,
            initiator="ada",
            source=("UI", "API")[number % 2],
            created_at=created,
            started_at=created,
            ended_at=None if is_active else created + timedelta(minutes=20 + number % 50),
        )

    def _ran_in(self, plan: int) -> AccountSet:
        found = tuple(sorted({self.accounts[self.account_of(group)].pk for group in self.groups_of(plan)}))
        if found not in self.sets:
            self.sets[found] = AccountSet.of(found)
        return self.sets[found]

    def _run(self, wave: WaveRun, group: int, place: int) -> ServerRun:
        server = self.servers[group * SERVERS_PER_GROUP + place % SERVERS_PER_GROUP]
        return ServerRun(
            wave=wave,
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


def granting(model: Any) -> Callable[[str], DjangoPermission]:
    """Return what gives the permission of a level on rows of `model`."""
    names = {each.codename: each for each in DjangoPermission.objects.filter(codename__endswith=model._meta.model_name)}
    return lambda level: names[f"{level}_{model._meta.model_name}"]


def _to(count: int) -> range:
    return range(count)


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


def evidence(events: int) -> Iterator[dict[str, Any]]:
    """Yield what so many audit events say, one after the other."""
    for number in range(events):
        yield {
            "actor": f"person-{number % CROWD}",
            "action": ("start_execution", "update_group", "issue_token", "terminate_instances")[number % 4],
            "object_kind": ("execution", "protectiongroup", "apitoken", "execution")[number % 4],
            "object_id": str(number % 5000),
            "account": str(4 * 10**11 + number % ACCOUNTS),
            "outcome": "DENIED" if number % 50 == 7 else "ALLOWED",
        }
