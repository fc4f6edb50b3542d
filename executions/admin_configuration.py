"""Export and import of the configuration at the admin site, beside the settings."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_POST

from drsorch.access import policy
from drsorch.access.denials import note_refusal
from drsorch.access.policed import actor_at
from drsorch.config.admin import SettingsAdmin
from drsorch.config.models import Settings
from drsorch.config.reading import LARGEST_BYTES, read
from drsorch.errors import Denied, UserError
from executions.configuration import as_text, export_configuration, import_configuration

admin.site.unregister(Settings)


@admin.register(Settings)
class ConfigurationAdmin(SettingsAdmin):
    """The settings, and the configuration as a document. Only here all of it is known."""

    change_list_template = "admin/config/settings/list.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Say what the person may do with the configuration."""
        actor = actor_at(request)
        offered = {"may_export": policy.may_audit(actor), "may_import": policy.is_administrator(actor)}
        return super().changelist_view(request, {**offered, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        """Add export and import."""
        wrap = self.admin_site.admin_view
        return [
            path("export/", wrap(require_POST(self.export_view)), name="config_settings_export"),
            path("import/", wrap(require_POST(self.import_view)), name="config_settings_import"),
            *super().get_urls(),
        ]

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Send the document as a file."""
        text = as_text(export_configuration(actor=actor_at(request)))
        headers = {"Content-Disposition": 'attachment; filename="drsorch-configuration.json"'}
        return HttpResponse(text, content_type="application/json", headers=headers)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Show what a document would change; then, with what was shown, apply it."""
        upload: Any = request.FILES.get("file")
        fingerprint = request.POST.get("fingerprint", "")
        sent = upload.read(LARGEST_BYTES + 1) if upload else request.POST.get("document", "").encode()
        try:
            result = import_configuration(
                actor=actor_at(request), document=read(sent), dry_run=not fingerprint, fingerprint=fingerprint
            )
        except UserError as error:
            note_refusal(request, error, action="import_configuration")
            if isinstance(error, Denied):
                raise
            messages.error(request, error.message)
            return redirect("admin:config_settings_changelist")
        changes = [change for change in result.changes if change.action != "unchanged"]
        if result.is_applied:
            messages.success(request, f"The configuration is as the document says: {len(changes)} changes were made.")
            return redirect("admin:config_settings_changelist")
        context = {**self.admin_site.each_context(request), "title": "Import the configuration", "opts": self.opts}
        context |= {"changes": changes, "document": sent.decode("utf-8-sig"), "fingerprint": result.fingerprint}
        return TemplateResponse(request, "admin/config/settings/import.html", context)
