"""People who run one drill after the other, and now and then pause or cancel one."""

import random
import threading
import traceback
from collections import Counter

from django.db import OperationalError, connection

from drsorch.audit.actor import Actor
from drsorch.errors import Conflict, UserError
from executions import services
from executions.models import Execution
from executions.states import ExecutionStatus, LaunchStatus
from plans.models import RecoveryPlan

LOOK_EVERY = 0.25
TRY_AGAIN = 1.0
PAUSE, CANCEL = 0.15, 0.1  # of all drills


class People(threading.Thread):
    """Works until `leave()`; after `finish_up()` it starts nothing new, but brings everything to its end."""

    def __init__(self, olga: Actor, plans: list[RecoveryPlan], dice: random.Random) -> None:
        super().__init__(name="people")
        self.olga, self.plans, self.dice = olga, plans, dice
        self.counts: Counter[str] = Counter()
        self.problem = ""
        self.is_finishing = False
        self._leaves = threading.Event()
        self._whims: dict[object, str] = {}

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
                for plan in self.plans:
                    self._look_after(plan)
        except Exception:  # noqa: BLE001 - a thread has nobody to raise to: the rig reads this and fails
            self.problem = traceback.format_exc()
        finally:
            connection.close()

    def all_ended(self) -> bool:
        """Tell whether every drill has ended and everything it launched is terminated."""
        return not any(self._is_open(plan) for plan in self.plans)

    def _is_open(self, plan: RecoveryPlan) -> bool:
        last = Execution.objects.filter(plan=plan).first()
        return last is not None and (last.is_active or not self._is_cleared(last))

    def _look_after(self, plan: RecoveryPlan) -> None:
        last = Execution.objects.filter(plan=plan).select_related("termination").first()
        try:
            if last is not None and last.is_active:
                self._have_a_whim(last)
            elif last is not None and not self._is_cleared(last):
                self._terminate(last)
            elif not self.is_finishing:
                started = services.start_execution(plan=plan, actor=self.olga)
                self.counts["drills started"] += 1
                self._whims[started.pk] = self._choose()
        except Conflict:
            self.counts["came too late"] += 1  # the engine was faster than the person
        except UserError:
            self.counts["starts refused"] += 1
            self._leaves.wait(TRY_AGAIN)
        except OperationalError:
            self.counts["database busy"] += 1

    def _choose(self) -> str:
        roll = self.dice.random()
        return "pause" if roll < PAUSE else "cancel" if roll < PAUSE + CANCEL else ""

    def _have_a_whim(self, execution: Execution) -> None:
        if execution.status == ExecutionStatus.PAUSED:
            services.resume_execution(execution=execution, actor=self.olga)
            self.counts["resumed"] += 1
        elif self._whims.get(execution.pk) and self.dice.random() < LOOK_EVERY / 10:
            whim = self._whims.pop(execution.pk)
            act = services.pause_execution if whim == "pause" else services.cancel_execution
            act(execution=execution, actor=self.olga)
            self.counts[f"{whim} asked"] += 1

    def _terminate(self, execution: Execution) -> None:
        if getattr(execution, "termination", None) is None:
            services.terminate_instances(execution=execution, actor=self.olga)
            self.counts["terminations asked"] += 1

    @staticmethod
    def _is_cleared(execution: Execution) -> bool:
        """Nothing was launched, or all of it is proven gone."""
        launched = execution.waves.filter(servers__launch_status=LaunchStatus.LAUNCHED).exists()
        termination = getattr(execution, "termination", None)
        return termination.done_at is not None if termination else not launched
