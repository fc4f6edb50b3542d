"""What a new job must pass: quotas, and servers that no other job holds. And the job itself."""

from drsorch.simulator.backend import new_job_id
from drsorch.simulator.errors import AwsError, conflict, quota_exceeded
from drsorch.simulator.operations.call import Call
from drsorch.simulator.quotas import CONCURRENT_JOBS, SERVERS_IN_ALL_JOBS, SERVERS_PER_JOB, Quota, quota_value
from drsorch.simulator.records import Job


def refuse_unless_admitted(call: Call, source_server_ids: list[str]) -> None:
    """Raise ConflictException or ServiceQuotaExceededException; AWS refuses the call as a whole."""
    refuse_busy(call.backend.busy, source_server_ids)
    live, held = len(call.backend.live_jobs()), len(call.backend.busy)
    for quota, wanted in (
        (SERVERS_PER_JOB, len(source_server_ids)),
        (CONCURRENT_JOBS, live + 1),
        (SERVERS_IN_ALL_JOBS, held + len(source_server_ids)),
    ):
        refuse_over_quota(call, quota, wanted)


def refuse_busy(busy: dict[str, str], source_server_ids: list[str]) -> None:
    """Raise ConflictException naming the first server that a job holds."""
    for server_id in source_server_ids:
        if server_id in busy:
            raise busy_error(server_id, busy[server_id])


def busy_error(source_server_id: str, job_id: str) -> AwsError:
    """A job holds this server."""
    message = f"Source server {source_server_id} is already being processed by job {job_id}"
    return conflict(message, source_server_id, "SourceServer")


def refuse_over_quota(call: Call, quota: Quota, wanted: int) -> None:
    """Raise ServiceQuotaExceededException when `wanted` is more than the quota of this account and Region allows."""
    allowed = quota_value(quota, call.backend, call.settings.quotas)
    if wanted > allowed:
        raise quota_exceeded(f"{quota.name}: {wanted} would be more than {allowed:g}", quota.code)


def new_job(call: Call, kind: str, initiated_by: str, participants: list[str], hidden_seconds: float = 0) -> Job:
    """A job of the type `kind` that begins now; the caller adds it to the backend with its steps."""
    job_id = new_job_id()
    return Job(
        id=job_id,
        arn=call.backend.arn("job", job_id),
        type=kind,
        initiated_by=initiated_by,
        created_at=call.now,
        visible_at=call.now + max(hidden_seconds, call.settings.visibility.job_invisible_seconds),
        tags=dict(call.params.get("tags", {})),
        participants=dict.fromkeys(participants, "PENDING"),
    )
