"""People who run one execution after the other, answer what is asked, and now and then pause or cancel."""

import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection

from drsorch.errors import Conflict, UserError
from executions import services
from executions.models import Execution, Gate
from executions.states import Answer, LaunchStatus
from plans.models import RecoveryPlan
from tests.torture.world import RECOVERY, World

LOOK_EVERY = 0.4
REST = (0.5, 4.0)  # seconds before a plan is started again
AFTER_A_REFUSAL = (4.0, 10.0)
PAUSE, CANCEL = 0.15, 0.1  # of all executions
THINKS = 0.3  # of all looks at an open question lead to an answer
# How often each answer is given where it is offered: most people want to go on.
ANSWERS = {
    Answer.RESUME: 6,
    Answer.RETRY: 6,
    Answer.LOOK_AGAIN: 6,
    Answer.CONTINUE: 3,
    Answer.ACCEPT: 2,
    Answer.SKIP: 1,
    Answer.GIVE_UP: 1,
    Answer.CANCEL: 0.4,
}
NOTE = "Because the dice say so"


class People(threading.Thread):
    """Works until `leave()`; after `finish_up()` it starts nothing new, but brings everything to its end."""

    def __init__(self, world: World, dice: random.Random) -> None:
        super().__init__(name="people")
        self.world, self.olga, self.dice = world, world.olga, dice
        self.counts: Counter[str] = Counter()
        self.problem = ""
        self.is_finishing = False
        self.not_before: dict[int, float] = {}
        self._leaves = threading.Event()
        self._whims: dict[object, str] = {}
        self._closed: set[object] = set()

    def finish_up(self) -> None:
        """Start nothing new."""
        self.is_finishing = True

    def leave(self) -> None:
        """Stop, and wait until the thread has."""
        self._leaves.set()
        self.join()

    def run(self) -> None:
        """Look after each plan in turn."""
        try:
            while not self._leaves.wait(LOOK_EVERY):
                for plan in self.world.plans:
                    self._try(lambda plan=plan: self._look_after(plan), plan)  # type: ignore[misc]
        except Exception:  # noqa: BLE001 - a thread has nobody to raise to: the rig reads this and fails
            self.problem = traceback.format_exc()
        finally:
            connection.close()

    def all_ended(self) -> bool:
        """Tell whether every execution has ended and everything it launched is terminated."""
        return not any(self._open_runs(plan) for plan in self.world.plans)

    def _open_runs(self, plan: RecoveryPlan) -> list[Execution]:
        """Return what runs, and what has ended and still has instances. What was closed once is never read again."""
        runs = Execution.objects.filter(plan=plan).exclude(pk__in=self._closed).select_related("termination")
        still_open = [run for run in runs if run.is_active or not self._is_cleared(run)]
        self._closed |= {run.pk for run in runs} - {run.pk for run in still_open}
        return still_open

    def _try(self, act: Callable[[], None], plan: RecoveryPlan) -> None:
        """Act as people do: who is refused tries again later, and a database that is away comes back."""
        try:
            act()
        except Conflict:
            self.counts["came too late"] += 1  # the engine or somebody else was faster
            self._rest(plan, AFTER_A_REFUSAL)
        except UserError:
            self.counts["refused"] += 1
            self._rest(plan, AFTER_A_REFUSAL)
        except (DatabaseError, InterfaceError):
            self.counts["database away or busy"] += 1
            connection.close()
            self._leaves.wait(LOOK_EVERY)

    def _rest(self, plan: RecoveryPlan, period: tuple[float, float]) -> None:
        self.not_before[plan.pk] = time.monotonic() + self.dice.uniform(*period)

    def _look_after(self, plan: RecoveryPlan) -> None:
        open_runs = self._open_runs(plan)
        for run in open_runs:
            if run.is_active:
                self._follow(run)
            else:
                self._terminate(run)
        if open_runs or self.is_finishing or time.monotonic() < self.not_before.get(plan.pk, 0.0):
            return
        started = self._start(plan)
        self.counts[f"{started.get_mode_display().lower()} started"] += 1
        self._whims[started.pk] = self._choose()
        self._rest(plan, REST)

    def _start(self, plan: RecoveryPlan) -> Execution:
        if plan.name != RECOVERY:
            return services.start_execution(plan=plan, actor=self.olga)
        return services.start_execution(
            plan=plan,
            actor=self.olga,
            mode="RECOVERY",
            confirm_plan_name=plan.name,
            override_reason=NOTE,
            preempt=True,
            reason=NOTE,
        )

    def _choose(self) -> str:
        roll = self.dice.random()
        return "pause" if roll < PAUSE else "cancel" if roll < PAUSE + CANCEL else ""

    def _follow(self, execution: Execution) -> None:
        gates = Gate.objects.filter(wave__execution=execution, answered_at=None)
        for gate in gates:
            if self.dice.random() < THINKS or self.is_finishing:
                self._answer(execution, gate)
        if self._whims.get(execution.pk) and self.dice.random() < LOOK_EVERY / 10:
            whim = self._whims.pop(execution.pk)
            act = services.pause_execution if whim == "pause" else services.cancel_execution
            act(execution=execution, actor=self.olga)
            self.counts[f"{whim} asked"] += 1

    def _answer(self, execution: Execution, gate: Gate) -> None:
        """Answer with something that is offered; whoever hears that it is not possible now asks again later."""
        offered = list(gate.options)
        answer = self.dice.choices(offered, [ANSWERS[Answer(value)] for value in offered])[0]
        services.decide_gate(execution=execution, gate=gate.pk, answer=answer, actor=self.olga, note=NOTE)
        self.counts[f"answered {Answer(answer).name.lower()}"] += 1

    def _terminate(self, execution: Execution) -> None:
        termination = getattr(execution, "termination", None)
        if termination is None or termination.gave_up_at:
            services.terminate_instances(execution=execution, actor=self.olga, confirm_plan_name=execution.plan_name)
            self.counts["termination asked"] += 1

    @staticmethod
    def _is_cleared(execution: Execution) -> bool:
        """Nothing was launched, or all of it is proven gone."""
        launched = execution.waves.filter(servers__launch_status=LaunchStatus.LAUNCHED).exists()
        termination = getattr(execution, "termination", None)
        return termination.done_at is not None if termination else not launched
