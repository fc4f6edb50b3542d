"""Admin of the audit trail, for auditors and administrators: read, filter, verify, export."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Max, Model
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from drsorch.access import policy
from drsorch.access.auditing import export_audit, require_auditor, verify_audit
from drsorch.access.denials import exporting
from drsorch.access.policed import RecordAdmin, actor_at
from drsorch.audit import anchor
from drsorch.audit.export import FORMATS
from drsorch.audit.models import HEAD, AuditAnchor, AuditEvent, AuditHead, AuditSegment, AuditVerification
from drsorch.audit.verified import is_recorded

CHANGELIST = "admin:audit_auditevent_changelist"


class AuditedAdmin(RecordAdmin):
    """Rows about evidence, for those who may read it."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Ask the policy."""
        return policy.may_audit(actor_at(request))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Ask the policy."""
        return policy.may_audit(actor_at(request))


@admin.register(AuditEvent)
class AuditEventAdmin(AuditedAdmin):
    """The audit trail, with the state of its chain."""

    change_list_template = "admin/audit/auditevent/list.html"
    # Who did what to what, and whether it was allowed, come first: beside the filters a screen holds no more.
    list_display = ("sequence", "at", "actor", "action", "object_name", "outcome", "object_kind", "account", "source")
    list_display += ("actor_kind",)  # type: ignore[assignment]
    list_filter = ("outcome", "actor_kind", "source", "action", "object_kind")
    search_fields = ("actor", "object_name", "object_id", "account", "token", "request_id", "address")
    date_hierarchy = "at"
    list_per_page = 100

    def get_urls(self) -> list[Any]:
        """Add the exports and the verification."""
        allow = self.admin_site.admin_view
        export = path("export.<str:kind>", allow(require_safe(self.export)), name="audit_auditevent_export")
        check = path("verify/", allow(require_POST(self.verify_now)), name="audit_auditevent_verify")
        return [export, check, *super().get_urls()]

    def get_ordering(self, request: HttpRequest) -> Any:
        """Follow the index of the times where a date is chosen: by number, all of its events would be sorted."""
        is_dated = any(name.startswith("at__") for name in request.GET)
        return ("-at", "-pk") if is_dated else super().get_ordering(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Show the state of the chain above the events: a few queries, however many there are."""
        verification = AuditVerification.objects.first()
        state = {
            "head": AuditHead.objects.filter(pk=HEAD).first(),
            "left": AuditSegment.objects.aggregate(segments=Count("pk"), last=Max("last_sequence")),
            "verification": verification,
            "is_recorded": verification is not None and is_recorded(verification),
            "anchor": anchor.sentence(),
            "exports": [(kind.upper(), reverse("admin:audit_auditevent_export", args=[kind])) for kind in FORMATS],
        }
        return super().changelist_view(request, {**(extra_context or {}), **state})  # type: ignore[return-value]

    def export(self, request: HttpRequest, kind: str) -> HttpResponse | StreamingHttpResponse:
        """Send the events that the filters of the address leave, and record that they were sent, and to whom."""
        exporting(request)
        require_auditor(actor=actor_at(request))
        if kind not in FORMATS:
            return redirect(CHANGELIST)
        found = self.get_changelist_instance(request).get_queryset(request)
        mime, lines = export_audit(events=found, kind=kind, actor=actor_at(request), filters=request.GET.dict())
        name = f"audit-{timezone.now():%Y%m%dT%H%M%SZ}.{kind}"
        disposition = f'attachment; filename="{name}"'
        return StreamingHttpResponse(lines, content_type=mime, headers={"Content-Disposition": disposition})

    def verify_now(self, request: HttpRequest) -> HttpResponse:
        """Verify the whole chain, keep the result and say it."""
        report, _ = verify_audit(actor=actor_at(request))
        if not report.is_good:
            wrong = f"The audit trail is not good: {report.problem_count} problems."
            messages.error(request, f"{report.counted()} {wrong}")
        elif report.unread_count:
            unread = " ".join(report.told())
            messages.warning(request, f"{report.counted()} Nothing is wrong in what was read. {unread}")
        else:
            messages.success(request, f"{report.counted()} Nothing is wrong.")
        return redirect(CHANGELIST)


@admin.register(AuditAnchor)
class AuditAnchorAdmin(AuditedAdmin):
    """What the anchors of all hosts held when they were written last."""

    list_display = ("place", "sequence", "at", "hmac")
    search_fields = ("place",)


@admin.register(AuditVerification)
class AuditVerificationAdmin(AuditedAdmin):
    """What verifications found."""

    list_display = ("at", "by", "events", "segments", "unread_count", "sequence", "seconds", "problem_count")
    list_filter = ("by",)
    date_hierarchy = "at"
