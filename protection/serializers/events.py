"""Shapes of events from EventBridge."""

from typing import Any

from rest_framework import serializers

from drsorch.api.fields import Flag, Text, Whole
from drsorch.api.serializers import Answer, Input


class EventInput(Input):
    """An event of a scheduled rule, as EventBridge sends it. Members that are not named here are left alone."""

    id = Text(max_length=64)
    source = serializers.ChoiceField(choices=("aws.events",))  # type: ignore[assignment]
    detail = serializers.DictField(help_text="`rule-name`, when no ARN in `resources` names the rule.")
    time = serializers.DateTimeField()
    resources = serializers.ListField(child=Text(), required=False)

    def get_fields(self) -> dict[str, Any]:
        """Return the members: one has a name that Python does not take."""
        return super().get_fields() | {"detail-type": serializers.ChoiceField(choices=("Scheduled Event",))}

    def run_validation(self, data: Any = None) -> Any:
        """Return what was sent, whatever it is: the service checks it, and records what it refuses."""
        return data


class ReceiptAnswer(Answer):
    """What became of an event. `repeated`: it had come before, and nothing was started again."""

    eventId = Text(source="event_id")
    rule = Text()
    regions = Whole(help_text="How many Regions are synchronised now.")
    repeated = Flag(source="is_repeated")
