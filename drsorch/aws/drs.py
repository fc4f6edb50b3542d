"""Elastic Disaster Recovery: servers, jobs and recovery instances of one account and Region."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from drsorch.aws import drs_answers, wire
from drsorch.aws.calls import Client, call
from drsorch.aws.drs_answers import Disk, Job, JobLogItem, JobServer, RecoveryInstance, RecoverySnapshot, SourceServer
from drsorch.aws.errors import AwsNotReady
from drsorch.aws.paging import pages, unreadable

__all__ = [
    "Disk",
    "Job",
    "JobLogItem",
    "JobServer",
    "RecoveryInstance",
    "RecoverySnapshot",
    "SourceServer",
    "describe_job_log_items",
    "describe_jobs",
    "describe_recovery_instances",
    "describe_recovery_snapshots",
    "describe_source_servers",
    "get_launch_disposition",
    "initialize_service",
    "is_initialized",
    "list_tags",
    "start_recovery",
    "tag_resource",
    "terminate_recovery_instances",
    "untag_resource",
]
IDS_PER_REQUEST = 200  # the API model's limit for source servers and recovery instances
JOB_IDS_PER_REQUEST = 1_000
# The member by which the entries of a list are told apart.
KEYS = {
    "DescribeJobs": "jobID",
    "DescribeRecoveryInstances": "recoveryInstanceID",
    "DescribeSourceServers": "sourceServerID",
}
ENUMS = (
    "DataReplicationState EC2InstanceState InitiatedBy JobLogEvent JobStatus JobType LastLaunchType LaunchDisposition "
    "LaunchStatus"
)


def describe_source_servers(client: Client, ids: Iterable[str] | None = None) -> list[SourceServer]:
    """Return the source servers with these `ids`, or all. Ids that DRS does not know are absent. Raises AwsError."""
    filters = [{}] if ids is None else [{"sourceServerIDs": batch} for batch in wire.batches(ids, IDS_PER_REQUEST)]
    enums = _enums(client)
    return [drs_answers.source_server(item, enums) for item in _items(client, "DescribeSourceServers", filters)]


def describe_jobs(client: Client, job_ids: Iterable[str] | None = None, since: datetime | None = None) -> list[Job]:
    """Return the jobs with these ids, or all, created at or after `since` (aware). Raises AwsError.

    One request holds a thousand ids. A job that was just started may be absent for a while.
    """
    period: dict[str, Any] = {} if since is None else {"fromDate": wire.format_time(since)}
    filters = (
        [period]
        if job_ids is None
        else [{**period, "jobIDs": batch} for batch in wire.batches(job_ids, JOB_IDS_PER_REQUEST)]
    )
    enums = _enums(client)
    return [drs_answers.job(item, enums) for item in _items(client, "DescribeJobs", filters)]


def describe_job_log_items(client: Client, job_id: str) -> list[JobLogItem]:
    """Return the log of a job, oldest entry first. Raises AwsError."""
    enums = _enums(client)
    found = [drs_answers.job_log_item(item, enums) for item in pages(client, "DescribeJobLogItems", {"jobID": job_id})]
    return sorted(found, key=lambda item: item.logged_at or datetime.max.replace(tzinfo=UTC))


def describe_recovery_instances(
    client: Client, *, server_ids: Iterable[str] | None = None, instance_ids: Iterable[str] | None = None
) -> list[RecoveryInstance]:
    """Return the recovery instances of these source servers, or with these ids, or all. Raises AwsError.

    Name servers or instances, not both: how DRS combines the two filters is not documented.
    """
    if server_ids is not None and instance_ids is not None:
        raise AssertionError("Ask for recovery instances by server or by instance, not by both.")
    name, ids = ("sourceServerIDs", server_ids) if instance_ids is None else ("recoveryInstanceIDs", instance_ids)
    filters = [{}] if ids is None else [{name: batch} for batch in wire.batches(ids, IDS_PER_REQUEST)]
    enums = _enums(client)
    return [drs_answers.recovery_instance(item, enums) for item in _items(client, "DescribeRecoveryInstances", filters)]


def describe_recovery_snapshots(
    client: Client, server_id: str, *, until: datetime | None = None
) -> list[RecoverySnapshot]:
    """Return the recovery snapshots of one server, newest first, those that are being taken included.

    `until` (aware) leaves out those that were due later. A server that DRS does not know has none. Raises AwsError.
    """
    params: dict[str, Any] = {"sourceServerID": server_id, "order": "DESC"}
    if until is not None:
        params["filters"] = {"toDateTime": wire.format_time(until)}
    found = [
        drs_answers.recovery_snapshot(item)
        for item in pages(client, "DescribeRecoverySnapshots", params, key="snapshotID")
    ]
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda row: row.taken_at or row.expected_at or oldest, reverse=True)


def get_launch_disposition(client: Client, server_id: str) -> str:
    """Return whether DRS leaves what it launches for this server STARTED or STOPPED. Raises AwsError."""
    answer = call(client, "GetLaunchConfiguration", {"sourceServerID": server_id})
    disposition = wire.text(answer, "launchDisposition")
    if not disposition:
        raise unreadable(client, "GetLaunchConfiguration", "it names no launch disposition.")
    return wire.one_of(_enums(client)["LaunchDisposition"], "LaunchDisposition", disposition)


def start_recovery(
    client: Client,
    server_ids: Sequence[str],
    *,
    is_drill: bool,
    tags: Mapping[str, str] | None,
    deadline: datetime,
    snapshots: Mapping[str, str] | None = None,
) -> Job:
    """Start one job that launches these servers, and return it. Sent at most once, and not after `deadline`.

    `snapshots` names, by server, the recovery snapshot to launch from; the others launch from their latest state.
    The caller has committed the intent and made `client` with `once=True`: DRS has no idempotency token. After
    AwsUnknown and AwsConflict the job may exist; after every other AwsError it does not.
    """
    _require_once(client, server_ids)
    chosen = snapshots or {}
    servers = [
        {"sourceServerID": name, **({"recoverySnapshotID": chosen[name]} if chosen.get(name) else {})}
        for name in server_ids
    ]
    params: dict[str, Any] = {"sourceServers": servers, "isDrill": is_drill}
    if tags:
        params["tags"] = dict(tags)
    return _started_job(client, "StartRecovery", params, deadline)


def terminate_recovery_instances(client: Client, instance_ids: Sequence[str], *, deadline: datetime) -> Job:
    """Start one job that terminates these recovery instances, and return it. The rules of `start_recovery` apply."""
    _require_once(client, instance_ids)
    return _started_job(client, "TerminateRecoveryInstances", {"recoveryInstanceIDs": list(instance_ids)}, deadline)


def initialize_service(client: Client) -> None:
    """Initialise DRS in the client's account and Region; an initialised one stays as it is. Raises AwsError."""
    call(client, "InitializeService")


def is_initialized(client: Client) -> bool:
    """Tell whether DRS answers in the client's account and Region. Raises AwsError when that cannot be told."""
    try:
        call(client, "DescribeSourceServers", {"maxResults": 1})
    except AwsNotReady:
        return False
    return True


def tag_resource(client: Client, arn: str, tags: Mapping[str, str]) -> None:
    """Set these tags; others stay. Raises AwsError."""
    call(client, "TagResource", {"resourceArn": arn, "tags": dict(tags)})


def untag_resource(client: Client, arn: str, keys: Iterable[str]) -> None:
    """Remove the tags with these keys. Raises AwsError."""
    call(client, "UntagResource", {"resourceArn": arn, "tagKeys": list(keys)})


def list_tags(client: Client, arn: str) -> dict[str, str]:
    """Return the tags of a resource. Raises AwsError."""
    return wire.tags(call(client, "ListTagsForResource", {"resourceArn": arn}), "tags")


def _require_once(client: Client, ids: Sequence[str]) -> None:
    if not client.once:
        raise AssertionError("A call that cannot be repeated needs a client made with once=True.")
    if not ids:
        raise AssertionError("A call that starts a job needs at least one id.")


def _started_job(client: Client, operation: str, params: Mapping[str, Any], deadline: datetime) -> Job:
    answer = call(client, operation, params, deadline=deadline)
    job = drs_answers.job(wire.at(answer, "job") or {}, _enums(client))
    if not job.job_id:
        raise unreadable(client, operation, "it names no job.")
    return job


def _items(client: Client, operation: str, filters: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield what `operation` finds for each of `filters`, once. An empty filter asks for everything."""
    for each in filters:
        yield from pages(client, operation, {"filters": dict(each)} if each else {}, key=KEYS[operation])


def _enums(client: Client) -> dict[str, list[str]]:
    model = client.api.meta.service_model
    return {name: model.shape_for(name).enum for name in ENUMS.split()}
