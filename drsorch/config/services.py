"""Read and change the settings of the installation."""

from typing import Any

from django.db import transaction

from drsorch.access import policy
from drsorch.audit.actor import Actor
from drsorch.audit.record import record
from drsorch.config.models import THE_ONE, Settings
from drsorch.errors import Denied
from drsorch.saving import validate

EDITABLE = (
    "drill_days",
    "recovery_days",
    "timeline_days",
    "job_log_days",
    "audit_days",
    "four_eyes",
    "initiator_may_not_answer",
)


def current_settings() -> Settings:
    """Return the settings; those of a new installation are made when they are first asked for. No AWS."""
    found: Settings = Settings.objects.get_or_create(pk=THE_ONE)[0]
    return found


def update_settings(*, actor: Actor, version: int | None, **fields: Any) -> Settings:
    """Change the settings named in `fields` (of EDITABLE; `…_days` in days). They hold at once.

    What waits for a second person already goes on waiting when four eyes are no longer wanted. Raises Denied for
    anybody who has not every permission, Invalid (fewer than 90 days), VersionMismatch.
    """
    _require(actor)
    unknown = fields.keys() - set(EDITABLE)
    if unknown:
        raise TypeError(f"There is no setting {', '.join(sorted(unknown))}.")
    row = current_settings()
    with transaction.atomic():
        row.claim_version(version, actor)
        before = {name: getattr(row, name) for name in fields}
        for name, value in fields.items():
            setattr(row, name, value)
        validate(row)
        row.save()
        record(actor, "update_settings", row, before=before, after=fields)
    return row


def why_not_update(actor: Actor) -> str:
    """Return why the actor may not change the settings, or nothing."""
    try:
        _require(actor)
    except Denied as refusal:
        return refusal.message
    return ""


def _require(actor: Actor) -> None:
    policy.require_administrator(actor, "Changing the settings")
