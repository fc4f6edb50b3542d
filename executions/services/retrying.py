"""Launch failed servers of a wave again: what became of them is kept as an attempt."""

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from executions.models import Execution, ServerAttempt, ServerRun, WaveRun
from executions.services import holding
from executions.states import CallStatus, CheckResult, LaunchStatus
from plans.models import Checks

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


def failed_servers(wave: WaveRun) -> "QuerySet[ServerRun]":
    """Return the servers that a retry launches: failed, never tried, or unfit where the wave requires its checks."""
    failed = Q(launch_status__in=[LaunchStatus.FAILED, LaunchStatus.SKIPPED])
    if wave.checks == Checks.EC2_STATUS_REQUIRED:
        failed |= Q(launch_status=LaunchStatus.LAUNCHED, check_result__in=[CheckResult.FAILED, CheckResult.UNKNOWN])
    return wave.servers.filter(failed)


def retry_failed(execution: Execution, wave: WaveRun) -> int:
    """Keep how the failed servers of `wave` ended, and make them pending again; the engine plans their launch.

    Call inside a transaction, with the execution locked and no server of the wave open. Raises Conflict naming who
    holds a server that had been freed.
    """
    servers = list(failed_servers(wave).select_related("server"))
    holding.hold(execution, [run.server for run in servers if run.server is not None])
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
