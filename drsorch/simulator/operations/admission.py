"""What a new job must pass: quotas, and servers that no other job holds."""

from drsorch.simulator.errors import conflict, quota_exceeded
from drsorch.simulator.operations.call import Call

CONCURRENT_JOBS = "L-D88FAC3A"
SERVERS_PER_JOB = "L-B827C881"
SERVERS_IN_ALL_JOBS = "L-05AFA8C6"


def refuse_unless_admitted(call: Call, source_server_ids: list[str]) -> None:
    """Raise ConflictException or ServiceQuotaExceededException; AWS refuses the call as a whole."""
    busy, quotas = call.backend.busy, call.settings.quotas
    for server_id in source_server_ids:
        if server_id in busy:
            raise conflict(
                f"Source server {server_id} is already being processed by job {busy[server_id]}",
                server_id,
                "SourceServer",
            )
    if len(source_server_ids) > quotas.servers_per_job:
        raise quota_exceeded(f"A job can hold at most {quotas.servers_per_job} source servers", SERVERS_PER_JOB)
    if len(call.backend.live_jobs()) >= quotas.concurrent_jobs:
        raise quota_exceeded(f"At most {quotas.concurrent_jobs} jobs can be in progress", CONCURRENT_JOBS)
    if len(busy) + len(source_server_ids) > quotas.servers_in_all_jobs:
        raise quota_exceeded(
            f"At most {quotas.servers_in_all_jobs} source servers can be in all jobs together", SERVERS_IN_ALL_JOBS
        )
