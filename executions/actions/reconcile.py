"""Find out what became of a StartRecovery whose end is unknown: adopt its job, wait, or send again."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from drsorch.aws import drs, sessions
from drsorch.aws.errors import AwsError
from executions.actions import answers, gates, launch
from executions.decisions import actions as do
from executions.decisions.reconciliation import CLOCK_SKEW, Sought, in_the_way, ours
from executions.models import Job, Launch
from executions.states import CallStatus, GateKind
from executions.turn import Turn

# How far back a job may have been started by somebody else and still run.
FOREIGN_JOBS = timedelta(hours=24)


def reconcile(turn: Turn, action: do.Reconcile) -> None:
    """Look for the call's job. Only when nothing turns up within the settle window may the call be made again."""
    call = Launch.objects.select_related("account", "wave").get(pk=action.call)
    sought = _sought(turn, call)
    try:
        jobs = _jobs(call, sought)
    except AwsError as error:
        answers.could_not_look(turn, call, f"{error.message} Until DRS answers, nothing is sent again.")
        return
    found = ours(jobs, sought)
    obstacle = in_the_way(jobs, sought)
    if found:
        _adopt(turn, call, found)
    elif call.was_in_conflict and obstacle:
        answers.postpone(turn, call, f"DRS job {obstacle.job_id}, started by somebody else, has servers of the wave.")
    elif call.was_in_conflict and not call.is_doubtful:
        answers.postpone(turn, call, call.reason)
    elif answers.is_settled(call):
        _send_again(turn, call)
    else:
        answers.look_again(
            turn,
            call,
            f"The answer to StartRecovery in {call.region} was lost. Looking for its job before sending again.",
        )


def _sought(turn: Turn, call: Launch) -> Sought:
    return Sought(
        token=call.token,
        servers=frozenset(call.servers.values_list("source_server_id", flat=True)),
        type="LAUNCH",
        initiated_by="START_DRILL" if turn.execution.is_drill else "START_RECOVERY",
        since=call.wave.started_at or timezone.now(),
        known=frozenset(Job.objects.at(call.account_id, call.region).values_list("job_id", flat=True)),
        may_exist=call.is_doubtful or not call.was_in_conflict,
    )


def _jobs(call: Launch, sought: Sought) -> Sequence[drs.Job]:
    """Ask DRS for jobs since the wave started; when none is ours, ask the servers for the job they launched last."""
    client = sessions.client(call.account, call.region, "drs")
    since = sought.since - (FOREIGN_JOBS if call.was_in_conflict else CLOCK_SKEW)
    jobs = drs.describe_jobs(client, since=since)
    if ours(jobs, sought):
        return jobs
    last = {
        server.last_launch_job_id
        for server in drs.describe_source_servers(client, sorted(sought.servers))
        if server.last_launch_job_id and server.last_launch_at and server.last_launch_at >= sought.since - CLOCK_SKEW
    }
    unseen = last - {job.job_id for job in jobs}
    return [*jobs, *drs.describe_jobs(client, sorted(unseen))] if unseen else jobs


def _adopt(turn: Turn, call: Launch, found: Sequence[drs.Job]) -> None:
    """Follow the job that was found; of two, after people have seen both. Whoever cancels has decided already.

    DRS launches a server in one job at a time, and a later launch replaces its instance: the newer job is followed.
    """
    *older, newest = found
    is_known = call.wave.gates.filter(kind=GateKind.TWO_JOBS, question__contains=newest.job_id).exists()
    if older and not is_known and call.wave.gates.filter(answered_at=None).exists():
        answers.look_again(turn, call, "DRS shows two jobs for this launch. People are asked when they have answered.")
    elif older and not is_known and not turn.execution.cancel_requested_at:
        with turn.record():
            gates.open_gate(turn, call.wave, GateKind.TWO_JOBS, " and ".join(job.job_id for job in found))
    else:
        launch.follow(turn, call, newest, adopted=True, twins=older)


def _send_again(turn: Turn, call: Launch) -> None:
    """Plan the call again after the settle window; it is given up when nobody wants it any more."""
    with turn.record() as execution:
        call.status, call.is_doubtful, call.not_before = CallStatus.PLANNED, True, None
        call.reason = f"No DRS job turned up within {settings.ENGINE_SETTLE_SECONDS:.0f} s."
        call.save(update_fields=["status", "is_doubtful", "not_before", "reason"])
        execution.say(call.reason, by="engine", what="call", tone="warn")
