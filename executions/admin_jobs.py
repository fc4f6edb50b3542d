"""Admin of DRS jobs, their logs, and the pollers. All of it is read-only."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html

from drsorch.access import policy
from drsorch.access.lists import NewestValues
from drsorch.access.policed import OWN_ACCOUNTS, OWN_REGIONS, PolicedInline, RecordAdmin, actor_at
from executions.models import Execution, Job, JobEvent, Poller
from executions.page.surveyed import SurveyRows
from executions.sight import with_execution

PLACE = ("account", "region")
OURS = "drsorch:"  # how the tags begin that we give jobs


def linked(execution: Execution) -> str:
    """Return a link to an execution, which has to be in sight."""
    address = reverse("admin:executions_execution_change", args=[execution.pk])
    return format_html('<a href="{}">{} ({})</a>', address, execution, execution.short_id)


def _is_in_sight(request: HttpRequest, pk: str) -> bool:
    """Say whether an execution is in the person's sight; no more of one that there is not than of one unseen."""
    try:
        wanted = Execution.objects.filter(pk=UUID(pk))
    except ValueError:
        return False
    return policy.scope(actor_at(request), wanted).exists()


class JobLogInline(PolicedInline):
    """The log of a job."""

    model = JobEvent
    fields = readonly_fields = ("at", "event", "source_server_id", "raw_error")


@admin.register(Job)
class JobAdmin(RecordAdmin):
    """Jobs in DRS."""

    list_display = ("job_id", *PLACE, "type", "status", "execution", "created_at", "polled_at", "ended_at")
    list_filter = (("status", NewestValues), ("type", NewestValues), OWN_ACCOUNTS, OWN_REGIONS)
    list_select_related = ("account", "launch__wave__execution", "terminationcall__termination__execution")
    search_fields = ("job_id",)
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    exclude = ("tags",)
    readonly_fields = ("execution", "own_tags")
    inlines = (JobLogInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        """Let the jobs know their executions."""
        return with_execution(super().get_queryset(request), actor_at(request))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the links from an execution to whoever sees that."""
        if lookup.endswith("execution__id__exact"):
            return _is_in_sight(request, value)
        return super().lookup_allowed(lookup, value, request)

    @admin.display(description="Execution")
    def execution(self, job: Any) -> str:
        """A link to the execution that the job belongs to."""
        if job.seen_execution is None:
            return "one that you may not see" if job.owner else "none"
        found = job.launch.wave.execution if hasattr(job, "launch") else job.terminationcall.termination.execution
        return linked(found)

    @admin.display(description="Tags")
    def own_tags(self, job: Any) -> str:
        """Its tags; ours name the execution."""
        is_named = job.seen_execution is not None or job.owner is None
        tags = job.tags.items() if is_named else ((key, value) for key, value in job.tags.items() if OURS not in key)
        return ", ".join(f"{key}={value}" for key, value in tags) or "none"


@admin.register(JobEvent)
class JobEventAdmin(RecordAdmin):
    """Lines of the logs of jobs."""

    list_display = ("job", "at", "event", "source_server_id", "raw_error")
    list_filter = (("event", NewestValues),)
    list_select_related = ("job",)
    search_fields = ("job__job_id", "source_server_id", "raw_error")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")


@admin.register(Poller)
class PollerAdmin(RecordAdmin):
    """Who asks DRS, where, and how it goes."""

    list_display = (*PLACE, "answered_at", "next_poll_at", "failures", "last_error", "surveyed_at", "survey_error")
    list_filter = (OWN_ACCOUNTS, OWN_REGIONS)
    list_select_related = ("account",)
    exclude = ("survey",)
    readonly_fields = ("last_survey",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Poller]:
        """Leave the surveys, which are large, to the page of one poller."""
        return super().get_queryset(request).defer("survey")

    @admin.display(description="Last survey")
    def last_survey(self, poller: Poller) -> str:
        """What was seen at the place, as tables."""
        if poller.surveyed_at is None:
            return "none"
        return render_to_string("admin/executions/poller/survey.html", {"seen": SurveyRows(poller)})
