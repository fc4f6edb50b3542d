"""Shapes of the settings."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from drsorch.api.fields import Flag, Whole
from drsorch.api.offers import Offer
from drsorch.api.serializers import Answer, Input, OfferAnswer, offered
from drsorch.config.models import FEWEST_DAYS, MOST_DAYS, Settings
from drsorch.config.services import why_not_update

LIMITS = f"{FEWEST_DAYS} to {MOST_DAYS} days."
FOUR_EYES = "A recovery, and a termination of recovery instances, wait until a second person has confirmed."
NOT_ONES_OWN = "Whoever started an execution does not answer its questions; pausing and cancelling stay theirs."


class SettingsInput(Input):
    """What a PUT writes: for how many days history is kept, and what takes a second person."""

    drillDays = Whole(source="drill_days", help_text=LIMITS)
    recoveryDays = Whole(source="recovery_days", help_text=LIMITS)
    timelineDays = Whole(source="timeline_days", help_text=LIMITS)
    jobLogDays = Whole(source="job_log_days", help_text=LIMITS)
    auditDays = Whole(source="audit_days", help_text=LIMITS)
    fourEyes = Flag(source="four_eyes", help_text=FOUR_EYES)
    initiatorMayNotAnswer = Flag(source="initiator_may_not_answer", help_text=NOT_ONES_OWN)


class KeptSettings(Answer):
    """For how many days history is kept, and what takes a second person."""

    drillDays = Whole(source="drill_days")
    recoveryDays = Whole(source="recovery_days")
    timelineDays = Whole(source="timeline_days")
    jobLogDays = Whole(source="job_log_days")
    auditDays = Whole(source="audit_days")
    fourEyes = Flag(source="four_eyes")
    initiatorMayNotAnswer = Flag(source="initiator_may_not_answer")


class SettingsAnswer(KeptSettings):
    """The settings of the installation."""

    version = Whole()
    changedAt = serializers.DateTimeField(source="changed_at")
    allowedActions = serializers.SerializerMethodField()

    @extend_schema_field(OfferAnswer(many=True))
    def get_allowedActions(self, row: Settings) -> Any:
        """Say what may be done, and why not."""
        return offered(Offer("update", why_not_update(self.context["actor"])))
