"""The fault matrix: every fault on every call of a small drill, and what comes of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from drsorch.access.roles import Role
from drsorch.aws import calls, sessions
from drsorch.errors import UserError
from drsorch.simulator.control import SimulatorControl
from executions import readiness, services
from executions.decisions.reconciliation import TOKEN_TAG
from executions.models import Execution, Gate, Job, Launch, Poller, ServerRun
from executions.services.start import create_execution
from executions.states import Answer, Mode
from plans.models import RecoveryPlan
from protection import services as protection
from tests import factories
from tests.executions.driving import step
from tests.executions.fault_cells import PATIENCE, PHASES, Cell, cells

HUB, TARGET = ACCOUNTS = (factories.HUB, factories.TARGET)
CHECKS = {"start": "NONE", "run": "EC2_STATUS", "terminate": "NONE"}
ROUNDS, ROUNDS_AFTER = 4, 14
PASSES = timedelta(seconds=150)  # of our time in a round: longer than any wait between two looks
# Nothing mends a job that does not end: its wave must time out, and people decide.
PASSES_WITHOUT_END = timedelta(minutes=28)
AWS_PASSES = 700.0  # of AWS's time: longer than any launch
# Answers of somebody who wants to go on.
GIVING_UP = (Answer.GIVE_UP, Answer.RESUME)
GOING_ON = (Answer.LOOK_AGAIN, Answer.RESUME, Answer.RETRY, Answer.CONTINUE, Answer.GIVE_UP)


@dataclass(frozen=True)
class Outcome:
    """What came of a cell: a word for the table, and what must not be."""

    word: str
    wrong: tuple[str, ...] = ()


class Ground:
    """A plan of one server, and a clock of our own that can run ahead."""

    def __init__(self, aws: SimulatorControl, patch: Callable[[Any, str, Any], None]) -> None:
        self.aws = aws
        self.ahead, self.passes = timedelta(), PASSES
        self.said = False
        real = timezone.now
        patch(timezone, "now", lambda: real() + self.ahead)
        # What the gateway does about a single lost packet is its own test: here every question is asked once.
        patch(sessions, "_timing", lambda attempts: sessions.Timing(self.patience, self.patience, 1))
        patch(sessions, "_once_timing", lambda: sessions.Timing(self.patience, self.patience, 1))
        self.patience = 10.0
        self.ada = factories.person("ada", Role.ADMIN)
        self.olga = factories.person("olga", Role.RECOVERY_MANAGER)
        self.plans = {(account, phase): plan for account in ACCOUNTS for phase, plan in self._plans_of(account)}
        self.looks = {plan.pk: readiness.look(plan, mode=Mode.DRILL) for plan in self.plans.values()}
        self.by_account = {account: self._called_in(account) for account in ACCOUNTS}

    def called(self) -> dict[str, list[str]]:
        """Return what each phase of a drill asks of AWS, in the hub or in a target."""
        return {phase: sorted(set().union(*(each[phase] for each in self.by_account.values()))) for phase in PHASES}

    def _plans_of(self, account_id: str) -> Iterator[tuple[str, RecoveryPlan]]:
        place = factories.account(self.ada, account_id, regions=(factories.REGION,))
        first = factories.servers(place, tier="-db-")[0].source_server_id
        group = protection.create_group(
            actor=self.ada, account=place, region=factories.REGION, name=f"One of {place}", server_ids=[first]
        )
        for phase, checks in CHECKS.items():
            yield phase, factories.plan(self.ada, group, name=f"{place}, {phase}", w1={"checks": checks})

    def _called_in(self, account: str) -> dict[str, list[str]]:
        """Run a drill without any fault."""
        found = {}
        with self._fresh(account):
            execution = None
            for phase in PHASES:
                sessions.forget()
                self.aws.reset_requests()
                execution = self._do(phase, execution, self.plans[account, "run"])
                found[phase] = list(self.aws.requests()["total"])
        return found

    def _account_for(self, cell: Cell) -> str:
        """The hub where it will do: its credentials and its clients outlive a fresh world."""
        return HUB if cell.operation in self.by_account[HUB][cell.phase] else TARGET

    def outcome(self, cell: Cell) -> Outcome:
        """Let one fault be in force from the beginning of its phase until nothing more changes, and then end it."""
        account = self._account_for(cell)
        plan = self.plans[account, cell.phase]
        with self._fresh(account):
            execution: Execution | None = None
            if cell.phase != "start":
                Poller.objects.update(surveyed_at=timezone.now())
                execution = create_execution(look=self.looks[plan.pk], actor=self.olga, mode=Mode.DRILL)
            if cell.phase == "terminate":
                execution = self._do("run", execution, plan)
            if cell.operation.startswith("sts."):
                sessions.forget()
            self.patience, self.said = PATIENCE if cell.is_slow else 10.0, False
            self.aws.fault(**cell.rule)
            return Trial(self, cell, plan, execution).run()

    def drive(self, execution: Execution, is_done: Callable[[Execution], bool], rounds: int) -> bool:
        """Let time pass in rounds until `is_done`; tell whether it was. `said` notes whether people were told."""
        for _ in range(rounds):
            self._forget_silence()
            step()
            execution.refresh_from_db()
            self.said = self.said or _is_said(execution)
            if is_done(execution):
                return True
            self.ahead += self.passes
            self.aws.advance(AWS_PASSES)
        return False

    def _do(self, phase: str, execution: Execution | None, plan: RecoveryPlan) -> Execution:
        if execution is None:
            return services.start_execution(plan=plan, actor=self.olga)
        if phase == "terminate":
            services.terminate_instances(execution=execution, actor=self.olga)
        if not self.drive(execution, IS_DONE[phase], ROUNDS):
            raise RuntimeError(f"Without any fault the phase {phase} does not end: {execution.status_reason}")
        return execution

    @contextmanager
    def _fresh(self, account: str) -> Iterator[None]:
        """A fresh world, and nothing that outlives the block but the hub's own credentials."""
        self.aws.reset("minimal", speed=0)
        if account != HUB:
            sessions.forget()
        self._forget_silence()
        self.patience = 10.0
        try:
            with transaction.atomic():
                yield
                transaction.set_rollback(True)
        finally:
            self.ahead, self.passes = timedelta(), PASSES
            self.aws.clear_faults()

    @staticmethod
    def _forget_silence() -> None:
        calls.LIMITER.forget()
        calls.BREAKER.forget()


IS_DONE: dict[str, Callable[[Execution], bool]] = {
    "run": lambda execution: not execution.is_active,
    "terminate": lambda execution: execution.instances_terminated,
}


class Trial:
    """One cell, once its fault is in force."""

    def __init__(self, ground: Ground, cell: Cell, plan: RecoveryPlan, execution: Execution | None) -> None:
        self.ground, self.cell, self.plan, self.execution = ground, cell, plan, execution
        self.wrong: list[str] = []

    def run(self) -> Outcome:
        """Do the phase, clear the fault when nothing more happens, and bring everything to its end."""
        word = self._start() if self.cell.phase == "start" else self._go_on()
        self.wrong += [f"{self._name}: {problem}" for problem in _untrue(self.ground.aws)]
        return Outcome(word, tuple(self.wrong))

    def _start(self) -> str:
        ground = self.ground
        try:
            services.start_execution(plan=self.plan, actor=ground.olga)
        except UserError as refusal:
            self._expect(bool(refusal.message), "the refusal says nothing")
            ground.aws.clear_faults()
            return "refused"
        return "starts"

    def _go_on(self) -> str:
        ground, execution = self.ground, self.execution
        assert execution is not None
        if self.cell.phase == "terminate":
            services.terminate_instances(execution=execution, actor=ground.olga)
        is_done = IS_DONE[self.cell.phase]
        ended = ground.drive(execution, is_done, ROUNDS)
        if ended:
            return self._ended()
        word = self._waits()
        ground.aws.clear_faults()
        ground.passes = PASSES_WITHOUT_END if self.cell.kind == "job_stuck" else PASSES
        for _ in range(ROUNDS_AFTER):
            self._answer()
            if ground.drive(execution, is_done, 1):
                break
        self._expect(
            is_done(execution), f"it does not end after the fault: {execution.status} {execution.status_reason}"
        )
        if self.cell.phase == "run" and execution.status != "COMPLETED":
            word += f", then {execution.get_status_display().lower()}"
        return word

    def _waits(self) -> str:
        """It has not ended, and says why: a person is asked, something is told, or a job simply runs."""
        if Gate.objects.filter(wave__execution=self.execution, answered_at=None).exists():
            return "asks"
        if self.ground.said:
            return "waits"
        self._expect(Job.objects.live().exists(), "it waits and does not say why")
        return "follows the job"

    def _ended(self) -> str:
        execution = self.execution
        assert execution is not None
        if self.cell.phase == "run" and execution.status != "COMPLETED":
            rows = ServerRun.objects.filter(wave__execution=execution)
            self._expect(all(row.error or row.check_reason for row in rows), "a server has failed without a reason")
            return execution.get_status_display().lower()
        if Launch.objects.filter(wave__execution=execution, adopted=True).exists():
            return "finds its job"
        return "goes on, says so" if self.ground.said else "goes on"

    def _answer(self) -> None:
        for gate in Gate.objects.filter(wave__execution=self.execution, answered_at=None):
            wished = GIVING_UP if self.cell.kind == "job_stuck" else GOING_ON
            answer = next(each for each in wished if each in gate.options)
            services.decide_gate(
                execution=self.execution, gate=gate.pk, answer=answer, actor=self.ground.olga, note="To go on"
            )

    def _expect(self, is_true: bool, sentence: str) -> None:
        if not is_true:
            self.wrong.append(f"{self._name}: {sentence}.")

    @property
    def _name(self) -> str:
        return f"{self.cell.phase}, {self.cell.operation}, {self.cell.kind}"


def _is_said(execution: Execution) -> bool:
    """Tell whether people can see that something is wrong: on the timeline, beside the data, in a question."""
    return (
        execution.events.filter(tone__in=["warn", "error"]).exclude(what="terminate").exists()
        or Poller.objects.exclude(last_error="").exists()
        or ServerRun.objects.exclude(check_reason="").exists()
        or Gate.objects.filter(answered_at=None).exists()
    )


def _untrue(aws: SimulatorControl) -> Iterator[str]:
    """Yield what must never be: two jobs for one call, a launch without its job, a server started unasked."""
    jobs = [job for job in aws.jobs() if job["type"] == "LAUNCH" and TOKEN_TAG in job["tags"]]
    tokens = Counter(job["tags"][TOKEN_TAG] for job in jobs)
    yield from (f"the call {token} has made {number} jobs" for token, number in tokens.items() if number > 1)
    real = {job["jobID"] for job in aws.jobs()}
    for launch in Launch.objects.exclude(job=None).select_related("job"):
        if launch.job.job_id not in real:
            yield f"{launch} names job {launch.job}, which does not exist"
    asked = 1 + Gate.objects.filter(answer=Answer.RETRY).count()
    starts = Counter(server for job in jobs for server in job["servers"])
    yield from (f"{server} is in {number} jobs" for server, number in starts.items() if number > asked)


def measure(ground: Ground) -> tuple[dict[str, list[str]], dict[Cell, Outcome]]:
    """Try every cell."""
    called = ground.called()
    return called, {cell: ground.outcome(cell) for cell in cells(called)}
