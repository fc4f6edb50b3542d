"""Endpoints of DRS jobs and quotas, as we know them. No AWS."""

from typing import Any

from django.db.models import OuterRef, QuerySet

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from drsorch.counts import number_of
from drsorch.errors import Invalid, NotFound
from executions.api.examples import SNAPSHOTS
from executions.api.examples_of_drs import JOB, JOB_EVENT, QUOTAS
from executions.decisions.surveyed import Survey
from executions.models import Job, JobEvent, Poller
from executions.serializers import evidence as shapes
from executions.serializers.inputs import JobQuery, OneJobQuery
from executions.sight import jobs_of, with_execution
from executions.snapshots import of_server
from protection.api.servers import ServerViewSet
from protection.models import AccountRegion, SourceServer
from protection.quotas import quotas_at
from protection.serializers.accounts import PlaceQuery
from protection.serializers.servers import OneServerQuery

VIEW = Permission.VIEW_RESOURCES


class DrsViewSet(ApiViewSet):
    """DRS's jobs for our executions, their logs, and its quotas."""

    tag = "DRS"

    @endpoint(VIEW, query=JobQuery, answer=shapes.JobAnswer, is_list=True, usual_order="-createdAt", example=JOB)
    def jobs(self) -> Any:
        """List the DRS jobs of our executions, the newest first."""
        found: Any = Job.objects.select_related("account")
        if "execution" in self.query:
            found = jobs_of(self.query["execution"], found, self.actor)
        return self.page(with_execution(found, self.actor), ignored=("execution",), counted=found)

    @endpoint(VIEW, query=OneJobQuery, answer=shapes.JobEventAnswer, is_list=True, example=JOB_EVENT)
    def job_logs(self, job_id: str) -> Any:
        """List the lines of a job's log, in the order in which we read them."""
        places = {name.removeprefix("job__"): value for name, value in self.query.items() if name.startswith("job__")}
        found = list(self.scoped(Job.objects.filter(job_id=job_id, **places))[:2])
        if not found:
            raise NotFound("There is no such DRS job of ours, or you may not see it.")
        if len(found) > 1:
            raise Invalid("Several accounts or Regions have a job of that id. Name the accountId and the region.")
        return self.page(JobEvent.objects.filter(job=found[0]).select_related("job__account"))

    @endpoint(VIEW, query=PlaceQuery, answer=shapes.QuotasAnswer, is_list=True, usual_order="accountId", example=QUOTAS)
    def quotas(self) -> Any:
        """List DRS's quotas in each enabled Region of the accounts, and how much of them is used."""
        page = self.page(_places())
        surveys = _surveys(page.items)
        for row in page.items:
            _add_quotas(row, surveys.get((row.account_id, row.region)))
        return page


class SnapshotViewSet(ServerViewSet):
    """Recovery snapshots of source servers."""

    @endpoint(VIEW, query=OneServerQuery, answer=shapes.SnapshotsAnswer, asks_aws=True, example=SNAPSHOTS)
    def recovery_snapshots(self, server_id: str) -> Any:
        """Ask DRS from which points in time a source server can be launched, the newest first."""
        server = self.named(server_id)
        return {"snapshots": of_server([server], server.source_server_id)[1]}


def _places() -> "QuerySet[AccountRegion]":
    here = SourceServer.objects.present().filter(account=OuterRef("account"), region=OuterRef("region"))
    found = AccountRegion.objects.filter(is_enabled=True).select_related("account")
    return found.annotate(server_count=number_of(here, "account"))


def _surveys(places: Any) -> dict[tuple[int, str], Survey]:
    """Return the last look at each of these places that was looked at."""
    accounts = {place.account_id for place in places}
    kept = Poller.objects.filter(account__in=accounts).exclude(surveyed_at=None)
    return {(row.account_id, row.region): Survey.from_json(row.survey) for row in kept}


def _add_quotas(row: Any, survey: Survey | None) -> None:
    limits = quotas_at(row)
    row.concurrentJobs = {"limit": limits.jobs, "used": len(survey.live_jobs) if survey else None}
    row.serversInJobs = {"limit": limits.servers_in_jobs, "used": survey.servers_in_jobs if survey else None}
    row.replicatingServers = {"limit": limits.replicating_servers, "used": row.server_count}
    row.serversPerJob, row.readAt = limits.servers_per_job, limits.read_at
    row.usedAsOf = survey.taken_at if survey else None
