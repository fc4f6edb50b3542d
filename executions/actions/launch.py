"""Launch servers: StartRecovery, once, with its intent committed first."""

from collections.abc import Sequence

from drsorch.aws import drs
from drsorch.aws.errors import AwsConflict, AwsError, AwsUnknown
from executions import crash, pollers, slots
from executions.actions import answers
from executions.actions.servers import end_servers
from executions.decisions import actions as do
from executions.decisions.reconciliation import TOKEN_TAG
from executions.models import Execution, Launch, ServerRun
from executions.states import CallStatus, LaunchStatus
from executions.turn import Turn


def send(turn: Turn, action: do.Send) -> None:
    """Make one planned call. However it ends, the row says what is known: sent, certainly not sent, or unknown."""
    launch = Launch.objects.select_related("account", "wave").get(pk=action.call)
    servers = dict(launch.servers.order_by("pk").values_list("source_server_id", "snapshot_id"))
    try:
        client = answers.client_for(launch)
    except AwsError as error:
        _not_started(turn, launch, error)
        return
    with turn.record() as execution:
        if execution.cancel_requested_at or not slots.take(execution, launch, len(servers)):
            return
        deadline = answers.intend(launch)
        ServerRun.objects.filter(launches=launch, started_at=None).update(started_at=launch.intended_at)
    crash.point("intent committed")
    tags = tags_of(turn.execution, launch)
    try:
        job = drs.start_recovery(
            client, list(servers), is_drill=turn.execution.is_drill, tags=tags, deadline=deadline, snapshots=servers
        )
    except answers.NOT_NOW as error:
        answers.postpone(turn, launch, error.message)
    except (AwsConflict, AwsUnknown) as error:
        answers.unclear(turn, launch, error)
    except AwsError as error:
        _not_started(turn, launch, error)
    else:
        crash.point("call answered")
        follow(turn, launch, job)


def tags_of(execution: Execution, launch: Launch) -> dict[str, str] | None:
    """Return the tags by which the job is found again, or None where an account does not want them."""
    if not launch.account.tag_jobs:
        return None
    return {
        TOKEN_TAG: launch.token,
        "drsorch:execution": str(execution.pk),
        "drsorch:wave": str(launch.wave.number),
    }


def follow(turn: Turn, launch: Launch, job: drs.Job, *, adopted: bool = False, twins: Sequence[drs.Job] = ()) -> None:
    """Commit the job and have it polled. `twins` are further jobs of the same launch: kept, polled, never followed."""
    with turn.record() as execution:
        launch.job = pollers.keep_job(launch, job)
        launch.status, launch.not_before, launch.reason, launch.adopted = CallStatus.SENT, None, "", adopted
        launch.save(update_fields=["job", "status", "not_before", "reason", "adopted"])
        count = launch.servers.count()
        how = "found again after its answer was lost" if adopted else "started"
        execution.say(
            f"DRS job {job.job_id} {how}: {count} {'server' if count == 1 else 'servers'} in {launch.region} of "
            f"{launch.account}.",
            by="engine",
            what="job",
        )
        for twin in twins:
            pollers.keep_job(launch, twin)
            execution.say(
                f"DRS job {twin.job_id} was started for the same servers. Instances of it that are left are yours to "
                "remove.",
                by="engine",
                what="job",
                tone="error",
            )


def abandon(turn: Turn, action: do.Abandon) -> None:
    """Give up a call that certainly was not sent and that nobody wants any more."""
    launch = Launch.objects.select_related("account", "wave").get(pk=action.call)
    with turn.record() as execution:
        reason, status = _why_abandoned(execution, launch)
        launch.reason = f"{reason} {launch.reason}".strip()
        launch.status = CallStatus.ABANDONED
        launch.save(update_fields=["status", "reason"])
        count = end_servers(execution, launch.servers.all(), status, f"Not launched. {launch.reason}")
        execution.say(
            f"{count} {'server' if count == 1 else 'servers'} of {launch.wave} in {launch.region} of {launch.account} "
            f"not launched. {reason}",
            by="engine",
            what="call",
            tone="warn",
        )


def _why_abandoned(execution: Execution, launch: Launch) -> tuple[str, str]:
    """Return why a call is given up, and what its servers become."""
    if execution.cancel_requested_at is not None:
        return f"Cancelled by {execution.cancelled_by}.", LaunchStatus.SKIPPED
    if launch.wave.outcome:
        return "The wave timed out before.", LaunchStatus.FAILED
    return "A critical server that is launched before failed.", LaunchStatus.SKIPPED


def _not_started(turn: Turn, launch: Launch, error: AwsError) -> None:
    """Wait where waiting may help; else give the call up for good, and with it its servers."""
    if not answers.is_final(error):
        answers.postpone(turn, launch, error.message)
        return
    with turn.record() as execution:
        launch.status, launch.reason = CallStatus.ABANDONED, error.message
        launch.save(update_fields=["status", "reason"])
        end_servers(execution, launch.servers.all(), LaunchStatus.FAILED, error.message)
        execution.say(f"{launch.wave}: {error.message}", by="engine", what="call", tone="error")
