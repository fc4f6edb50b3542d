"""An execution in the words of the enterprise platform that may have asked for it."""

from datetime import timedelta
from typing import Any

from executions.models import Execution, ServerRun, WaveRun
from executions.states import ExecutionStatus, LaunchStatus, WaveStatus

IN_PROGRESS, PENDING = "in_progress", "pending"
EXECUTION_WORDS = {
    ExecutionStatus.PENDING: PENDING,
    ExecutionStatus.INITIATED: IN_PROGRESS,
    ExecutionStatus.POLLING: IN_PROGRESS,
    ExecutionStatus.LAUNCHING: IN_PROGRESS,
}
WAVE_WORDS = {
    WaveStatus.PENDING: PENDING,
    WaveStatus.WAITING: "paused",
    WaveStatus.INITIATED: IN_PROGRESS,
    WaveStatus.POLLING: IN_PROGRESS,
    WaveStatus.LAUNCHING: IN_PROGRESS,
    WaveStatus.CHECKING: IN_PROGRESS,
}
INSTANCE_WORDS = {
    LaunchStatus.PENDING: PENDING,
    LaunchStatus.IN_PROGRESS: PENDING,
    LaunchStatus.LAUNCHED: "running",
    LaunchStatus.TERMINATED: "terminated",
}


def exported(execution: Execution, current_wave: int | None) -> dict[str, Any]:
    """Return the execution as JSON. Reads it as `for_detail` fetches it, with each run's server and its tags."""
    waves = list(execution.waves.all())
    runs = [run for wave in waves for run in wave.servers.all()]
    return {
        "executionId": str(execution.pk),
        "planId": str(execution.plan_id) if execution.plan_id else None,
        "planName": execution.plan_name,
        "executionType": execution.mode,
        "status": EXECUTION_WORDS.get(execution.status, execution.status.lower()),  # type: ignore[call-overload]
        "currentWave": current_wave,
        "startedAt": execution.created_at,
        "completedAt": execution.ended_at,
        "executionTime": _spent(execution.created_at, execution.ended_at),
        "waves": [_wave(wave, execution) for wave in waves],
        "recoveredInstances": [_instance(run) for run in runs if run.recovery_instance_id],
        "nextPhaseReady": execution.status == ExecutionStatus.COMPLETED,
        "enterpriseContext": {
            "initiatedBy": execution.initiator,
            "parentExecutionId": execution.parent_execution_id or None,
            "tags": {tag.key: tag.value for tag in execution.tags.all()},
        },
    }


def duration(spent: timedelta) -> str:
    """Return a duration as ISO 8601 writes it: PT15M30S."""
    minutes, seconds = divmod(max(0, int(spent.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{amount}{unit}" for amount, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if amount]
    return "PT" + ("".join(parts) or "0S")


def _wave(wave: WaveRun, execution: Execution) -> dict[str, Any]:
    runs = list(wave.servers.all())
    status = WAVE_WORDS.get(wave.status, wave.status.lower())  # type: ignore[call-overload]
    spent = _spent(wave.started_at, wave.ended_at)
    return {
        "waveNumber": wave.number,
        "name": wave.name,
        "status": status,
        "startedAt": wave.started_at,
        "completedAt": wave.ended_at,
        "technologies": [
            {
                "type": "drs",
                "status": status,
                "subExecutionId": str(execution.pk),
                "resources": [_source(run) for run in runs],
                "executionTime": spent,
            }
        ],
        "recoveredInstances": [_instance(run) for run in runs if run.recovery_instance_id],
        "executionTime": spent,
        "nextPhaseReady": wave.is_passed,
    }


def _instance(run: ServerRun) -> dict[str, Any]:
    return {
        "sourceInstanceId": _source(run),
        "sourceServerId": run.source_server_id,
        "recoveryInstanceId": run.recovery_instance_id,
        "privateIp": run.private_ip or None,
        "status": INSTANCE_WORDS.get(run.launch_status, "failed"),  # type: ignore[call-overload]
    }


def _source(run: ServerRun) -> str:
    """Return the instance that is replicated; a server outside of AWS has none, and is named by its DRS id."""
    return (run.server.origin_instance_id if run.server else "") or run.source_server_id


def _spent(began: Any, ended: Any) -> str | None:
    return duration(ended - began) if began and ended else None
