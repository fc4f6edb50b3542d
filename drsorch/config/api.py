"""Endpoints of the settings."""

from typing import Any

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from drsorch.config.models import Settings
from drsorch.config.serializers import SettingsAnswer, SettingsInput
from drsorch.config.services import current_settings, update_settings

EXAMPLE = {
    "drillDays": 365,
    "recoveryDays": 730,
    "timelineDays": 365,
    "jobLogDays": 180,
    "auditDays": 2555,
    "fourEyes": False,
    "initiatorMayNotAnswer": False,
    "version": 2,
    "changedAt": "2026-03-01T12:00:00Z",
    "allowedActions": [{"action": "update", "allowed": True, "reason": ""}],
}


class SettingsViewSet(ApiViewSet):
    """The settings of the installation."""

    tag = "Configuration"

    def row(self) -> Settings:
        """Return the settings when they are in sight."""
        return self.one(Settings.objects.all(), pk=current_settings().pk)

    @endpoint(Permission.VIEW_RESOURCES, answer=SettingsAnswer, has_version=True, example=EXAMPLE)
    def retrieve(self) -> Any:
        """Get the settings: for how many days history is kept, and what takes a second person."""
        return self.row()

    @endpoint(
        Permission.VIEW_RESOURCES,
        action="update_settings",
        needs="every permission there is",
        body=SettingsInput,
        answer=SettingsAnswer,
        takes_version=True,
        has_version=True,
        example=EXAMPLE,
    )
    def update(self) -> Any:
        """Change the settings."""
        self.row()
        return update_settings(actor=self.actor, version=self.version, **self.body)
