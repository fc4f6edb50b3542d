"""Terminate what an execution launched: call, follow the job, and prove each instance gone."""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from drsorch.aws import drs, ec2, sessions
from drsorch.aws.calls import Client
from drsorch.aws.errors import AwsConflict, AwsError, AwsUnknown
from executions import crash, pollers, slots
from executions.actions import answers
from executions.decisions import actions as do
from executions.decisions.reconciliation import CLOCK_SKEW, Sought, emptied, ours, told_by_log
from executions.models import Job, ServerRun, Termination, TerminationCall
from executions.states import CallStatus, LaunchStatus
from executions.turn import Turn

# What EC2 calls an instance that runs no more and costs no more.
GONE = "terminated"
# Instances that stay after so many jobs are protected, or something else is wrong that only people can mend.
ROUNDS = 3


def send(turn: Turn, action: do.SendTermination) -> None:
    """Make one planned call. A refusal is never final here: an instance that runs must not be forgotten."""
    call = _call(action.call)
    try:
        client = answers.client_for(call)
    except AwsError as error:
        answers.postpone(turn, call, error.message)
        return
    with turn.record() as execution:
        if not slots.take(execution, call, call.servers.count()):
            return
        deadline = answers.intend(call)
    crash.point("intent committed")
    try:
        job = drs.terminate_recovery_instances(client, _instances(call), deadline=deadline)
    except answers.NOT_NOW as error:
        answers.postpone(turn, call, error.message)
    except (AwsConflict, AwsUnknown) as error:
        answers.unclear(turn, call, error)
    except AwsError as error:
        answers.postpone(turn, call, error.message)
    else:
        crash.point("call answered")
        _follow(turn, call, job)


def reconcile(turn: Turn, action: do.ReconcileTermination) -> None:
    """Look for the call's job; when there is none, look whether the instances are gone; else send again.

    Instances that are gone need nothing more, but evidence does: the job that ended them is looked for until what was
    sent would have turned up, and one that DRS has emptied meanwhile is taken for it.
    """
    call = _call(action.call)
    may_exist = call.is_doubtful or not call.was_in_conflict
    sought = _sought(call, may_be_part=may_exist)
    try:
        client = sessions.client(call.account, call.region, "drs")
        jobs = drs.describe_jobs(client, since=sought.since - CLOCK_SKEW)
        found = ours(jobs, sought)
        is_gone = not found and _look(turn, call)
        if is_gone and may_exist:
            found = _emptied(client, jobs, sought, may_be_silent=answers.is_settled(call))
    except AwsError as error:
        answers.could_not_look(turn, call, error.message)
        return
    if found:
        _follow(turn, call, found[0], adopted=True)
    elif may_exist and not answers.is_settled(call):
        answers.look_again(turn, call, "The answer to TerminateRecoveryInstances was lost. Looking for its job.")
    elif is_gone:
        _done(turn, call)
    else:
        answers.postpone(turn, call, call.reason)


def _emptied(client: Client, jobs: list[drs.Job], sought: Sought, *, may_be_silent: bool) -> list[drs.Job]:
    """Return the jobs that DRS has emptied and that are the call's, as their logs tell. Raises AwsError."""
    possible = emptied(jobs, sought)
    logs = {
        job.job_id: frozenset(line.source_server_id for line in drs.describe_job_log_items(client, job.job_id)) - {""}
        for job in possible
    }
    return told_by_log(possible, logs, sought, may_be_silent=may_be_silent)


def _sought(call: TerminationCall, *, may_be_part: bool) -> Sought:
    """Describe the job. Of a call that was clearly refused there is none, and one for what is left serves as well."""
    servers = call.servers if may_be_part else _left(call)
    return Sought(
        token=call.token,
        servers=frozenset(servers.values_list("source_server_id", flat=True)),
        type="TERMINATE",
        since=call.termination.requested_at,
        known=frozenset(Job.objects.at(call.account_id, call.region).values_list("job_id", flat=True)),
        may_be_part=may_be_part,
    )


def prove_gone(turn: Turn, action: do.ProveGone) -> None:
    """Ask DRS and EC2 whether the instances are gone; what is left is looked at again, then terminated again."""
    call = _call(action.call)
    try:
        is_gone = _look(turn, call)
    except AwsError as error:
        answers.could_not_look(turn, call, error.message)
        return
    if is_gone:
        _done(turn, call)
    elif _in_grace(call):
        answers.look_again(turn, call, f"DRS ended {call.job}, and its instances are not all proven gone yet.")
    else:
        _plan_again(turn, call)


def finish(turn: Turn, _: do.FinishTermination) -> None:
    """Record that every instance is proven gone."""
    with turn.record() as execution:
        Termination.objects.filter(execution=execution).update(done_at=timezone.now(), reason="")
        execution.instances_terminated = True
        execution.save(update_fields=["instances_terminated"])
        execution.say(
            "All recovery instances of this execution are terminated: DRS and EC2 say so.",
            by="engine",
            what="terminated",
            tone="ok",
        )


def _call(pk: int) -> TerminationCall:
    return TerminationCall.objects.select_related("account", "termination", "job").get(pk=pk)


def _in_grace(call: TerminationCall) -> bool:
    """DRS and EC2 may show an instance for a while after the job has ended."""
    grace = timedelta(seconds=settings.ENGINE_GRACE_SECONDS)
    return call.job is not None and call.job.ended_at is not None and timezone.now() < call.job.ended_at + grace


def _left(call: TerminationCall) -> "QuerySet[ServerRun]":
    return call.servers.exclude(launch_status=LaunchStatus.TERMINATED).order_by("pk")


def _instances(call: TerminationCall) -> list[str]:
    return list(_left(call).values_list("recovery_instance_id", flat=True))


def _follow(turn: Turn, call: TerminationCall, job: drs.Job, *, adopted: bool = False) -> None:
    with turn.record() as execution:
        call.job = pollers.keep_job(call, job)
        call.status, call.not_before, call.reason, call.adopted = CallStatus.SENT, None, "", adopted
        call.save(update_fields=["job", "status", "not_before", "reason", "adopted"])
        count = call.servers.count()
        execution.say(
            f"DRS job {job.job_id} terminates {count} recovery {'instance' if count == 1 else 'instances'} in "
            f"{call.region} of {call.account}.",
            by="engine",
            what="job",
        )


def _look(turn: Turn, call: TerminationCall) -> bool:
    """Mark the instances that neither DRS shows nor EC2 runs any more; True when none is left. Raises AwsError."""
    instances = _instances(call)
    client = sessions.client(call.account, call.region, "drs", purpose="terminate")
    shown = {row.recovery_instance_id for row in drs.describe_recovery_instances(client, instance_ids=instances)}
    states = ec2.describe_instances(sessions.client(call.account, call.region, "ec2", purpose="terminate"), instances)
    running = {instance for instance, row in states.items() if row.state != GONE}
    gone = set(instances) - shown - running
    with turn.record() as execution:
        rows = _left(call).filter(recovery_instance_id__in=gone)
        ServerRun.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(
            launch_status=LaunchStatus.TERMINATED, terminated_at=timezone.now()
        )
        if gone:
            execution.say(
                f"{len(gone)} recovery {'instance' if len(gone) == 1 else 'instances'} in {call.region} of "
                f"{call.account} proven gone.",
                by="engine",
                what="terminated",
            )
    return len(gone) == len(instances)


def _done(turn: Turn, call: TerminationCall) -> None:
    with turn.record():
        call.status, call.reason, call.not_before = CallStatus.DONE, "", None
        call.save(update_fields=["status", "reason", "not_before"])


def _plan_again(turn: Turn, call: TerminationCall) -> None:
    """Plan a new call for what an ended job has left behind; after a few rounds leave it to people."""
    with turn.record() as execution:
        left = list(_left(call))
        call.status, call.not_before = CallStatus.DONE, None
        call.save(update_fields=["status", "not_before"])
        instances = ", ".join(row.recovery_instance_id for row in left)
        asked = call.termination
        same = asked.calls.filter(account=call.account, region=call.region, status=CallStatus.DONE)
        if same.filter(servers__in=left).distinct().count() >= ROUNDS:
            asked.gave_up_at = timezone.now()
            asked.reason = (
                f"{instances} in {call.region} of {call.account} stayed after {ROUNDS} DRS jobs. Look whether "
                "termination protection is on, then terminate again."
            )
            asked.save(update_fields=["gave_up_at", "reason"])
            execution.say(asked.reason, by="engine", what="call", tone="error")
            return
        again = asked.calls.create(account=call.account, region=call.region)
        again.servers.set(left)
        execution.say(
            f"DRS job {call.job} left instances running: {instances}. Terminating them again.",
            by="engine",
            what="call",
            tone="warn",
        )
