"""The endpoint of events from EventBridge. Whatever is refused here is recorded."""

from dataclasses import replace
from typing import Any

from rest_framework.response import Response

from drsorch.access.denials import leave_unnoted
from drsorch.access.requests import actor_of
from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.views import ApiViewSet
from drsorch.audit.actor import Source
from protection.events import receive_event, record_refusal
from protection.serializers.events import EventInput, ReceiptAnswer

# Who sent it is not accepted; the others are about what was sent. Too many (429) are only told to wait.
TOKEN, STRUCTURE = (401, 403), (400, 415)


class EventViewSet(ApiViewSet):
    """Events."""

    tag = "Events"
    is_taken = False  # from then on the service records what it refuses

    @endpoint(
        Permission.UPDATE_PROTECTION_GROUP,
        action="receive_event",
        needs="drs:UpdateProtectionGroup, with a token, everywhere",
        body=EventInput,
        answer=ReceiptAnswer,
        status=202,
        example={
            "eventId": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "rule": "aws-drs-orchestrator-tag-sync-prod",
            "regions": 3,
            "repeated": False,
        },
    )
    def receive(self) -> Any:
        """Take an event of a scheduled rule: the inventory of every Region is read anew. The same event starts nothing.

        Comes from an address in EVENTS_ALLOWED_CIDRS.
        """
        self.is_taken = True
        return receive_event(actor=replace(self.actor, source=Source.EVENTBRIDGE), event=self.body)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a refusal, and record the one that no service has seen."""
        leave_unnoted(self.request._request)  # it is recorded here and by the service, with the layer
        response = super().handle_exception(exc)
        layers = {**dict.fromkeys(TOKEN, "token"), **dict.fromkeys(STRUCTURE, "structure")}
        layer = layers.get(response.status_code)
        if layer and self.endpoint and not self.is_taken:
            said = response.data["error"]
            actor = replace(actor_of(self.request._request, Source.API), source=Source.EVENTBRIDGE)
            record_refusal(actor=actor, event=None, layer=layer, code=said["code"], sentence=said["message"])
        return response
