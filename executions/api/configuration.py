"""Endpoints of the configuration as a document: out, and in."""

from typing import Any

from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from executions.configuration import export_configuration, import_configuration
from executions.serializers import configuration as shapes

VIEW = Permission.VIEW_RESOURCES
DOCUMENT = {
    "format": "drsorch-configuration",
    "version": 1,
    "settings": {
        "drillDays": 365,
        "recoveryDays": 730,
        "timelineDays": 365,
        "jobLogDays": 180,
        "auditDays": 2555,
        "fourEyes": False,
        "initiatorMayNotAnswer": False,
    },
    "accounts": [
        {
            "accountId": "222222222222",
            "name": "Target",
            "partition": "aws",
            "roleArn": "arn:aws:iam::222222222222:role/drsorch-spoke",
            "tagJobs": True,
            "regions": ["us-east-1"],
        }
    ],
    "protectionGroups": [
        {
            "name": "Databases",
            "description": "",
            "accountId": "222222222222",
            "region": "us-east-1",
            "tier": "db",
            "rtoMinutes": 60,
            "rpoMinutes": None,
            "serverIds": ["s-0a1b2c3d4e5f60718"],
        }
    ],
    "recoveryPlans": [
        {
            "name": "Billing",
            "description": "",
            "owner": "Team Billing",
            "runbook": "",
            "rtoMinutes": 60,
            "parallelWaves": False,
            "waves": [
                {
                    "name": "Databases",
                    "description": "",
                    "protectionGroups": ["Databases"],
                    "serverIds": None,
                    "optionalServerIds": [],
                    "dependsOnWaves": [],
                    "pauseBeforeWave": False,
                    "pauseAfterWave": False,
                    "launchOrder": "PARALLEL",
                    "maxParallel": None,
                    "waitSeconds": 0,
                    "timeoutMinutes": 60,
                    "onFailure": "STOP",
                    "checks": "EC2_STATUS",
                }
            ],
        }
    ],
}
IMPORT = {
    "applied": False,
    "fingerprint": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "changes": [
        {
            "kind": "protectionGroup",
            "name": "Databases",
            "action": "update",
            "members": [{"name": "rtoMinutes", "before": 120, "after": 60}],
        }
    ],
}


class ConfigurationViewSet(ApiViewSet):
    """The configuration as a document."""

    tag = "Configuration"

    @endpoint(
        VIEW,
        exports="export_configuration",
        needs="the role DRSAuditor, or every permission there is",
        answer=shapes.DocumentAnswer,
        example=DOCUMENT,
    )
    def export(self) -> Any:
        """Export the configuration. The export is recorded."""
        return export_configuration(actor=self.actor)

    @endpoint(
        VIEW,
        action="import_configuration",
        needs="every permission there is",
        body=shapes.ImportInput,
        answer=shapes.ImportAnswer,
        asks_aws=True,
        may_be_outdated=True,
        conflicts=("SERVER_CONFLICT", "ACTIVE_EXECUTION", "INVALID_STATE"),
        example=IMPORT,
    )
    def load(self) -> Any:
        """Make the configuration what a document says: all or nothing, first as a dry run."""
        return import_configuration(actor=self.actor, **self.body)
