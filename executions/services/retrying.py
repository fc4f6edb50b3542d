"""Launch failed servers of a wave again: what became of them is kept as an attempt."""

from django.db.models import F
from django.utils import timezone

from drsorch.audit.actor import Actor
from executions.models import Execution, ServerAttempt, ServerRun, WaveRun
from executions.services import holding
from executions.states import CallStatus, CheckResult, LaunchStatus
from plans.models import Checks
from protection.models import SourceServer

UNFIT = frozenset({CheckResult.FAILED, CheckResult.UNKNOWN})
FRESH = {
    "launch_status": LaunchStatus.PENDING,
    "check_result": CheckResult.NONE,
    "started_at": None,
    "launched_at": None,
    "checked_at": None,
    "ended_at": None,
    "recovery_instance_id": "",
    "private_ip": "",
    "instance_type": "",
    "check_reason": "",
    "step": "",
    "error": "",
}


def failed_servers(wave: WaveRun) -> list[ServerRun]:
    """Return the servers that a retry launches: failed, never tried, or unfit where the wave requires its checks.

    From the servers of `wave` as they were read with it, else as they are now.
    """
    is_required = wave.checks == Checks.EC2_STATUS_REQUIRED
    return [run for run in wave.servers.all() if _has_failed(run, is_required=is_required)]


def _has_failed(run: ServerRun, *, is_required: bool) -> bool:
    is_unfit = run.launch_status == LaunchStatus.LAUNCHED and run.check_result in UNFIT
    return run.launch_status in {LaunchStatus.FAILED, LaunchStatus.SKIPPED} or (is_required and is_unfit)


def retry_failed(execution: Execution, wave: WaveRun, actor: Actor) -> int:
    """Keep how the failed servers of `wave` ended, and make them pending again; the engine plans their launch.

    Call inside a transaction, with the execution locked and no server of the wave open. Raises Conflict naming who
    holds a server that had been freed.
    """
    servers = failed_servers(wave)
    holding.hold(execution, list(SourceServer.objects.filter(runs__in=servers)), actor)
    ServerAttempt.objects.bulk_create(
        ServerAttempt(
            run=run,
            number=run.attempt,
            launch_status=run.launch_status,
            error=run.error,
            recovery_instance_id=run.recovery_instance_id,
            check_result=run.check_result,
            started_at=run.started_at,
            ended_at=run.ended_at,
        )
        for run in servers
    )
    # What an earlier job still says about these servers is no longer about them.
    wave.launches.filter(status=CallStatus.SENT).update(status=CallStatus.DONE)
    rows = ServerRun.objects.filter(pk__in=[run.pk for run in servers])
    rows.update(attempt=F("attempt") + 1, **FRESH)
    wave.outcome, wave.started_at, wave.is_passed = "", timezone.now(), False
    wave.save(update_fields=["outcome", "started_at", "is_passed"])
    return len(servers)
