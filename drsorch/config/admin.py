"""Admin of the settings."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from drsorch.access import policy
from drsorch.access.policed import ServiceAdmin, actor_at
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.config.models import Settings
from drsorch.config.services import EDITABLE, update_settings


@admin.register(Settings)
class SettingsAdmin(ServiceAdmin):
    """The settings, to be changed by whoever has every permission."""

    change_permission = Permission.MANAGE_ACCOUNTS
    list_display = ("__str__", *EDITABLE, "changed_at", "changed_by")
    list_select_related = ("changed_by",)
    edit_fields = (*EDITABLE, "seen_version")
    view_fields = EDITABLE

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let administrators change them."""
        return policy.is_administrator(actor_at(request))

    def update(self, actor: Actor, row: Settings, form: Any) -> None:
        """Change them."""
        update_settings(actor=actor, version=form.cleaned_data["seen_version"], **form.input(*EDITABLE))
