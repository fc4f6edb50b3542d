"""Admin of the segments with which old events have left the audit trail, for auditors and administrators."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from drsorch.access.admin_audit import AuditedAdmin
from drsorch.access.policed import actor_at
from drsorch.audit import segments
from drsorch.audit.models import AuditSegment
from drsorch.audit.record import record
from drsorch.errors import Denied

CHANGELIST = "admin:audit_auditsegment_changelist"


@admin.register(AuditSegment)
class AuditSegmentAdmin(AuditedAdmin):
    """What has left the table, to look at and to download."""

    list_display = ("__str__", "count", "at", "by", "file")
    readonly_fields = ("file",)
    search_fields = ("=first_sequence", "=last_sequence", "sha256")
    date_hierarchy = "at"
    list_per_page = 100

    def get_urls(self) -> list[Any]:
        """Add the download."""
        view = self.admin_site.admin_view(require_safe(self.download))
        return [path("<int:pk>/file/", view, name="audit_auditsegment_file"), *super().get_urls()]

    @admin.display(description="file")
    def file(self, segment: AuditSegment) -> str:
        """Return a link to the file."""
        address = reverse("admin:audit_auditsegment_file", args=[segment.pk])
        return format_html('<a href="{}">{}</a>', address, segments.path_of(segment).name)

    def download(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Send the file of a segment as it is, and record that it was sent, and to whom."""
        if not self.has_view_permission(request):
            raise Denied("Segments are downloaded by auditors and administrators. Ask an administrator for the role.")
        segment = self.get_object(request, str(pk))
        if segment is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))  # type: ignore[attr-defined,no-any-return]
        where = segments.path_of(segment)
        try:
            opened = where.open("rb")
        except OSError as error:
            messages.error(request, f"The file {where} of the {segment} cannot be read on this host: {error.strerror}.")
            return redirect(CHANGELIST)
        with transaction.atomic():
            record(actor_at(request), "download_audit_segment", segment, sha256=segment.sha256)
        return FileResponse(opened, as_attachment=True, filename=where.name, content_type="application/x-ndjson")
