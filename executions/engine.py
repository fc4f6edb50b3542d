"""Move executions: claim, gather, decide, act, record, until there is only waiting. Safe to run twice, late, or not."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from drsorch.audit.actor import ENGINE
from drsorch.aws.budget import budget
from drsorch.logs import timed
from executions.actions import begin, end, gates, launch, look, progress, reconcile, terminate
from executions.decisions import actions as do
from executions.decisions import decide
from executions.gather import gather
from executions.turn import Stale, Turn, claim

logger = logging.getLogger(__name__)

# A turn ends before the task's time-out of 60 s: no action begins after this, and no request to AWS after the budget.
TURN_SECONDS = 8

DOES: dict[type, Callable[[Turn, Any], None]] = {
    do.Begin: begin.begin,
    do.Ask: gates.ask,
    do.Pause: gates.pause,
    do.Look: look.look,
    do.StartWave: begin.start_wave,
    do.PlanLaunches: begin.plan_launches,
    do.Send: launch.send,
    do.Abandon: launch.abandon,
    do.Reconcile: reconcile.reconcile,
    do.GiveUp: progress.give_up,
    do.LoseSight: progress.lose_sight,
    do.Progress: progress.show,
    do.TimeOut: progress.time_out,
    do.Judge: end.judge,
    do.Skip: end.skip,
    do.Cancel: end.cancel,
    do.Finish: end.finish,
    do.SendTermination: terminate.send,
    do.ReconcileTermination: terminate.reconcile,
    do.ProveGone: terminate.prove_gone,
    do.FinishTermination: terminate.finish,
}


def advance(execution_id: UUID | str) -> None:
    """Move one execution as far as it will go now.

    A duplicate call costs one query. A worker that lost its lease stops without changing anything. Whatever else goes
    wrong is said on the timeline and raised; it is tried again when the lease ends.
    """
    turn = claim(execution_id)
    if turn is None:
        return
    with timed(logger, "Tick", actor=ENGINE.name, execution=str(execution_id)) as line, budget():
        try:
            turn.release(_run(turn, line))
        except Stale as loss:
            line["outcome"] = str(loss)
        except Exception as error:
            turn.complain(error)
            raise


def _run(turn: Turn, line: dict[str, object]) -> Any:
    """Act until there is only waiting, or the turn has lasted long enough; return when to look again.

    What was done is added to the log line.
    """
    while turn.seconds < TURN_SECONDS:
        action = decide(gather(turn.execution))
        if isinstance(action, do.Wait):
            return action.until
        line["actions"] = f"{line.get('actions', '')} {action}".strip()
        DOES[type(action)](turn, action)
    return timezone.now() + timedelta(milliseconds=50)
