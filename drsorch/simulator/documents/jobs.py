"""Jobs and their log items on the wire, with what the field leaves out."""

from typing import Any

from drsorch.simulator.clock import write_timestamp
from drsorch.simulator.records import Job, LogItem
from drsorch.simulator.settings import Visibility


def job_document(job: Job, visibility: Visibility) -> dict[str, Any]:
    """A job. AWS's own example of a finished launch names no recoveryInstanceID, so neither does this."""
    document: dict[str, Any] = {
        "jobID": job.id,
        "arn": job.arn,
        "type": job.type,
        "initiatedBy": job.initiated_by,
        "creationDateTime": write_timestamp(job.created_at),
        "status": job.status,
        "participatingServers": _participants(job, visibility),
        "tags": job_tags(job, visibility),
        "participatingResources": [
            {"participatingResourceID": {"sourceNetworkID": network_id}, "launchStatus": status}
            for network_id, status in job.networks.items()
        ],
    }
    if job.ended_at is not None:
        document["endDateTime"] = write_timestamp(job.ended_at)
    return document


def job_tags(job: Job, visibility: Visibility) -> dict[str, str]:
    """The tags given at the start; real jobs were seen to carry their own ARN as a tag beside them."""
    return {**job.tags, "resourceArn": job.arn} if visibility.job_arn_in_tags else dict(job.tags)


def _participants(job: Job, visibility: Visibility) -> list[dict[str, Any]]:
    if visibility.empty_finished_terminate_jobs and job.type == "TERMINATE" and job.status == "COMPLETED":
        return []
    return [
        {"sourceServerID": server_id, "launchStatus": status, "launchActionsStatus": _actions(job, server_id)}
        for server_id, status in job.participants.items()
    ]


def _actions(job: Job, server_id: str) -> dict[str, Any]:
    document: dict[str, Any] = {"runs": job.action_runs.get(server_id, [])}
    if server_id in job.agent_seen_at:
        document["ssmAgentDiscoveryDatetime"] = write_timestamp(job.agent_seen_at[server_id])
    return document


def log_item(item: LogItem) -> dict[str, Any]:
    """One line of the log; JOB_START and JOB_END carry an empty eventData."""
    return {"logDateTime": write_timestamp(item.at), "event": item.event, "eventData": item.data}
