"""Admin of what happened: executions, their waves, servers, calls and jobs. All of it is read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from drsorch.access import policy
from drsorch.access.lists import NewestValues
from drsorch.access.policed import OWN_ACCOUNTS, OWN_REGIONS, PolicedInline, RecordAdmin, actor_at
from executions import admin_configuration
from executions.admin_jobs import PLACE, linked
from executions.models import (
    Event,
    Execution,
    ExecutionTag,
    Gate,
    Job,
    Launch,
    ServerAttempt,
    ServerRun,
    Termination,
    TerminationCall,
    WaveRun,
)

__all__ = ["admin_configuration"]  # Django finds this module by its name, and the other one through it


def listed(model: Any, label: str, **lookup: Any) -> str:
    """Return a link to the rows of `model` that match."""
    options = model._meta
    page = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    query = "&".join(f"{name}={value}" for name, value in lookup.items())
    return format_html('<a href="{}?{}">{}</a>', page, query, label)


class TagInline(PolicedInline):
    """What the caller gave an execution to find it again."""

    model = ExecutionTag
    fields = readonly_fields = ("key", "value")


class WaveInline(PolicedInline):
    """The waves of an execution."""

    model = WaveRun
    fields = ("number", "name", "status", "outcome", "is_passed", "reason", "started_at", "ended_at")
    readonly_fields = fields


class ServerInline(PolicedInline):
    """The servers of a wave."""

    model = ServerRun
    fields = ("name", *PLACE, "impact", "attempt", "launch_status", "error", "check_result", "check_reason")
    fields += ("recovery_instance_id",)  # type: ignore[assignment]
    readonly_fields = fields


class AttemptInline(PolicedInline):
    """How the earlier attempts to launch a server ended."""

    model = ServerAttempt
    fields = ("number", "launch_status", "check_result", "recovery_instance_id", "error", "started_at", "ended_at")
    readonly_fields = fields


class GateInline(PolicedInline):
    """The questions about a wave, with who answered what, and why."""

    model = Gate
    fields = readonly_fields = ("kind", "question", "asked_at", "answer", "answered_name", "note", "answered_at")


class LaunchInline(PolicedInline):
    """The calls of a wave, with their jobs."""

    model = Launch
    fields = (*PLACE, "status", "attempt", "job", "reason")
    readonly_fields = fields


class TerminationCallInline(PolicedInline):
    """The calls of a termination, with their jobs."""

    model = TerminationCall
    fields = (*PLACE, "status", "attempt", "job", "reason")
    readonly_fields = fields


@admin.register(Execution)
class ExecutionAdmin(RecordAdmin):
    """Executions."""

    list_display = ("__str__", "short_id", "status", "initiator", "source", "created_at", "ended_at", "status_reason")
    list_filter = ("status", "mode", "source", "instances_terminated")
    search_fields = ("id", "plan_name", "initiator", "reason", "override_reason")
    date_hierarchy = "created_at"
    inlines = (TagInline, WaveInline)
    exclude = ("preempted_by",)
    readonly_fields = ("made_way_for", "more")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Execution]:
        """Let each know whether the one it made way for is in sight."""
        seen = policy.scope(actor_at(request), Execution.objects.filter(pk=OuterRef("preempted_by"))).order_by()
        return super().get_queryset(request).annotate(is_other_seen=Exists(seen))

    @admin.display(description="Made way for")
    def made_way_for(self, execution: Any) -> str:
        """A link to the recovery that took its servers."""
        if execution.preempted_by_id is None:
            return "none"
        return linked(execution.preempted_by) if execution.is_other_seen else "a recovery that you may not see"

    @admin.display(description="More")
    def more(self, execution: Execution) -> str:
        """Links to everything that belongs to it."""
        pk = str(execution.pk)
        return format_html(
            '<a href="{}">Live page</a> &nbsp; {} &nbsp; {} &nbsp; {} &nbsp; {} &nbsp; {}',
            execution.get_absolute_url(),
            listed(Gate, "Questions", wave__execution__id__exact=pk),
            listed(Event, "Timeline", execution__id__exact=pk),
            listed(ServerRun, "Servers", wave__execution__id__exact=pk),
            listed(Job, "Launch jobs", launch__wave__execution__id__exact=pk),
            listed(Job, "Termination jobs", terminationcall__termination__execution__id__exact=pk),
        )


@admin.register(WaveRun)
class WaveRunAdmin(RecordAdmin):
    """Waves of executions."""

    list_display = ("__str__", "execution", "status", "outcome", "started_at", "ended_at", "reason")
    list_filter = ("status",)
    list_select_related = ("execution",)
    search_fields = ("name", "execution__plan_name", "execution__id")
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-pk")
    inlines = (GateInline, ServerInline, LaunchInline)


@admin.register(ServerRun)
class ServerRunAdmin(RecordAdmin):
    """Servers of executions."""

    list_display = (
        "name",
        "source_server_id",
        "wave",
        *PLACE,
        "attempt",
        "launch_status",
        "check_result",
        "recovery_instance_id",
        "error",
    )
    list_filter = ("launch_status", "check_result", "impact", OWN_ACCOUNTS, OWN_REGIONS)
    list_select_related = ("wave", "account")
    ordering = ("-pk",)
    search_fields = ("name", "source_server_id", "recovery_instance_id", "private_ip", "attempts__recovery_instance_id")
    inlines = (AttemptInline,)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the link from the execution."""
        return lookup == "wave__execution__id__exact" or super().lookup_allowed(lookup, value, request)


@admin.register(Launch)
class LaunchAdmin(RecordAdmin):
    """Calls of StartRecovery."""

    list_display = ("__str__", "wave", "status", "attempt", "job", "intended_at", "is_doubtful", "reason")
    list_filter = ("status", "is_doubtful", "adopted", OWN_ACCOUNTS, OWN_REGIONS)
    list_select_related = ("wave", "account", "job")
    ordering = ("-pk",)
    search_fields = ("token", "job__job_id")


@admin.register(Termination)
class TerminationAdmin(RecordAdmin):
    """Requests to terminate what an execution launched."""

    list_display = ("execution", "requested_by", "requested_at", "done_at", "gave_up_at", "reason")
    list_select_related = ("execution",)
    date_hierarchy = "requested_at"
    inlines = (TerminationCallInline,)


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """Lines of the timelines of executions."""

    list_display = ("at", "execution", "who", "what", "sentence")
    list_filter = (("what", NewestValues), ("tone", NewestValues))
    list_select_related = ("execution",)
    search_fields = ("who", "sentence", "execution__plan_name")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")


@admin.register(Gate)
class GateAdmin(RecordAdmin):
    """Questions to people."""

    list_display = ("question", "wave", "kind", "asked_at", "answer", "note", "answered_at", "answered_name")
    list_filter = ("kind", "answer")
    list_select_related = ("wave",)
    search_fields = ("question", "note", "answered_name", "wave__execution__plan_name")
    date_hierarchy = "asked_at"
    ordering = ("-pk",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the link from the execution."""
        return lookup == "wave__execution__id__exact" or super().lookup_allowed(lookup, value, request)
