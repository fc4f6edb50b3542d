"""Admin of recovery plans."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from drsorch.access import policy
from drsorch.access.admin_grants import TeamGrantAdmin, UserGrantAdmin
from drsorch.access.policed import ServiceAdmin, actor_at
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from plans import services
from plans.forms import RecoveryPlanForm
from plans.models import PlanTeamGrant, PlanUserGrant, RecoveryPlan, Wave
from protection.holds import holders_in_sight
from protection.models import ProtectionGroup

PLAN_FIELDS = ("name", "description", "owner", "runbook", "rto_minutes", "parallel_waves")
SUMMARY = ("last_run", "last_label", "last_execution_at", "last_successful_drill_at")


@admin.register(RecoveryPlan)
class RecoveryPlanAdmin(ServiceAdmin):
    """Recovery plans with their waves."""

    form = RecoveryPlanForm
    change_form_template = "admin/plans/recoveryplan/form.html"
    add_permission = Permission.CREATE_RECOVERY_PLAN
    change_permission = Permission.UPDATE_RECOVERY_PLAN
    delete_permission = Permission.DELETE_RECOVERY_PLAN
    list_display = ("name", "owner", "wave_count", "is_running", "last_label", "last_execution_at", "changed_at")
    list_filter = ("last_status", ("active_execution", admin.EmptyFieldListFilter))
    search_fields = ("name", "owner", "description")
    readonly_fields = (*SUMMARY, "wave_list")
    view_fields = (*PLAN_FIELDS, "wave_list", *SUMMARY)
    edit_fields = (*PLAN_FIELDS, "seen_version")

    @property
    def media(self) -> forms.Media:
        """Add the script of the waves after the jQuery it needs: media are ordered by dependency only."""
        needed = ["admin/js/vendor/jquery/jquery.min.js", "admin/js/jquery.init.js"]
        return super().media + forms.Media(js=[*needed, "admin/js/inlines.js"])

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecoveryPlan]:
        """Count the waves with the plans, and let each know whether its last execution is in sight."""
        actor = actor_at(request)
        seen = holders_in_sight(actor).filter(pk=OuterRef("last_execution")).order_by()
        return policy.scope(actor, RecoveryPlan.objects.with_counts()).annotate(is_last_seen=Exists(seen))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Show a saved plan's last execution to those who edit it too."""
        fields = super().get_fields(request, obj)
        return (*fields, *SUMMARY) if obj and fields == self.edit_fields else fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Give the form the groups in the person's sight."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        groups = policy.scope(actor_at(request), ProtectionGroup.objects.select_related("account"))
        form.group_choices = [(group.pk, f"{group} ({group.region} of {group.account})") for group in groups]
        return form

    def create(self, actor: Actor, form: Any) -> RecoveryPlan:
        """Create the plan."""
        return services.create_plan(actor=actor, waves=form.definitions(), **form.input(*PLAN_FIELDS))

    def update(self, actor: Actor, row: RecoveryPlan, form: Any) -> None:
        """Change the plan."""
        version = form.cleaned_data["seen_version"]
        waves = form.definitions()
        services.update_plan(plan=row, actor=actor, version=version, waves=waves, **form.input(*PLAN_FIELDS))

    def remove(self, actor: Actor, row: RecoveryPlan) -> None:
        """Delete the plan."""
        services.delete_plan(plan=row, actor=actor)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, then say which waves are large for DRS."""
        super().save_model(request, obj, form, change)
        for sentence in services.warnings(obj):
            messages.warning(request, sentence)

    @admin.display(description="Waves", ordering="wave_count")
    def wave_count(self, plan: Any) -> int:
        """How many waves it has."""
        return plan.wave_count

    @admin.display(description="Running", boolean=True)
    def is_running(self, plan: RecoveryPlan) -> bool:
        """Whether an execution of it is active."""
        return plan.active_execution is not None

    @admin.display(description="Last execution")
    def last_run(self, plan: Any) -> str:
        """A link to the last execution."""
        if plan.last_execution is None:
            return "none"
        if not plan.is_last_seen:
            return "one that you may not see"
        address = reverse("admin:executions_execution_change", args=[plan.last_execution])
        return format_html('<a href="{}">{}</a>', address, str(plan.last_execution)[:8])

    @admin.display(description="Waves")
    def wave_list(self, plan: RecoveryPlan) -> str:
        """Its waves with their groups and settings, one a line."""
        waves = plan.waves.prefetch_related("groups", "depends_on")
        rows = (
            (
                wave,
                ", ".join(group.name for group in wave.groups.all()),
                ", ".join(str(other.number) for other in wave.depends_on.all()) or "none",
                "; ".join(_settings(wave)),
            )
            for wave in waves
        )
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{} ({}; runs after: {}; {})</li>", rows))


admin.site.register(PlanUserGrant, UserGrantAdmin)
admin.site.register(PlanTeamGrant, TeamGrantAdmin)


def _settings(wave: Wave) -> list[str]:
    """Return how a wave runs, one phrase a setting."""
    said = [
        f"launched {wave.get_launch_order_display().lower()}",
        f"at most {wave.max_parallel} at once" if wave.max_parallel else "",
        "pauses before" if wave.pause_before else "",
        "pauses after" if wave.pause_after else "",
        f"waits {wave.wait_seconds} s after its success" if wave.wait_seconds else "",
        f"times out after {wave.timeout_minutes} min",
        f"checks: {wave.get_checks_display()}",
        f"if it fails: {wave.if_it_fails}",
    ]
    return [phrase for phrase in said if phrase]
