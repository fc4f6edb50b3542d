"""DescribeJobs and DescribeJobLogItems."""

from typing import Any

from drsorch.simulator.documents.jobs import job_document, log_item
from drsorch.simulator.operations.call import Call
from drsorch.simulator.operations.moments import read_moment
from drsorch.simulator.operations.pages import page_of


def describe_jobs(call: Call) -> dict[str, Any]:
    """Jobs that pass every filter, newest first. A new job may not be visible yet; unknown ids are left out."""
    filters = call.filters
    earliest, latest = read_moment(filters, "fromDate", 0.0), read_moment(filters, "toDate", float("inf"))
    ids = frozenset(filters.get("jobIDs", ()))
    jobs = [
        job
        for job in reversed(call.backend.jobs.values())
        if job.visible_at <= call.now and (not ids or job.id in ids) and earliest <= job.created_at <= latest
    ]
    return page_of(call, jobs, lambda job: job_document(job, call.settings.visibility))


def describe_job_log_items(call: Call) -> dict[str, Any]:
    """The log of a job, oldest line first. The model declares no error for an unknown job: its log is empty."""
    job = call.backend.jobs.get(call.params["jobID"])
    items = job.log if job is not None and job.visible_at <= call.now else []
    return page_of(call, items, log_item)
