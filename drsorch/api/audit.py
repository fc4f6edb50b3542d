"""Endpoints of the audit trail, for auditors and administrators."""

from typing import Any

from rest_framework import serializers

from drsorch.access.auditing import export_audit, require_auditor, verify_audit
from drsorch.access.roles import Permission
from drsorch.api.endpoint import endpoint
from drsorch.api.fields import Text, Whole, account_id
from drsorch.api.files import CSV, FileQuery, file_of
from drsorch.api.serializers import Answer
from drsorch.api.views import ApiViewSet
from drsorch.audit import anchor
from drsorch.audit.accounts import in_account
from drsorch.audit.actor import ActorKind, Source
from drsorch.audit.models import HEAD, AuditEvent, AuditHead, AuditVerification, Outcome
from drsorch.audit.verified import is_good

VIEW = Permission.VIEW_RESOURCES
AUDITORS = "the role DRSAuditor, or every permission there is"


class AuditQuery(FileQuery):
    """Filters of the audit trail."""

    orderings = {"sequence": ("sequence",)}
    actor = serializers.CharField(required=False, max_length=150)
    actorKind = serializers.ChoiceField(source="actor_kind", choices=ActorKind.choices, required=False)
    tokenId = serializers.CharField(source="token", required=False, max_length=64)
    source = serializers.ChoiceField(choices=Source.choices, required=False)  # type: ignore[assignment]
    address = serializers.CharField(required=False, max_length=64)
    requestId = serializers.CharField(source="request_id", required=False, max_length=64)
    action = serializers.CharField(required=False, max_length=64)
    objectKind = serializers.CharField(source="object_kind", required=False, max_length=64)
    objectId = serializers.CharField(source="object_id", required=False, max_length=64)
    accountId = account_id(source="account", required=False)
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False)
    after = serializers.DateTimeField(source="at__gte", required=False)
    before = serializers.DateTimeField(source="at__lt", required=False)


class AuditEventAnswer(Answer):
    """One thing somebody did, or was refused, with the seal that chains it to the one before."""

    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = Text()
    actorKind = serializers.ChoiceField(source="actor_kind", choices=ActorKind.choices)
    tokenId = Text(source="token")
    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    address = Text()
    requestId = Text(source="request_id")
    action = Text()
    objectKind = Text(source="object_kind")
    objectId = Text(source="object_id")
    objectName = Text(source="object_name")
    accountIds = serializers.SerializerMethodField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    before = serializers.DictField()
    after = serializers.DictField()
    detail = serializers.DictField()
    previousHash = Text(source="previous_hash")
    hmac = Text()

    def get_accountIds(self, row: AuditEvent) -> list[str]:
        """The AWS accounts in which it was done."""
        return row.account.split(",") if row.account else []


class VerificationAnswer(Answer):
    """One verification of the whole chain."""

    at = serializers.DateTimeField()
    by = Text()
    lastEvent = serializers.IntegerField(source="sequence")
    eventCount = serializers.IntegerField(source="events")
    segmentCount = serializers.IntegerField(source="segments", help_text="Verified, of those that have left the table.")
    unreadCount = serializers.IntegerField(
        source="unread_count", help_text="Segments whose file could not be read: nothing is said about their events."
    )
    seconds = serializers.FloatField()
    problemCount = serializers.IntegerField(source="problem_count")
    problems = serializers.ListField(child=Text(), help_text="The first of them, a sentence each.")


class ChainAnswer(Answer):
    """The state of the chain.

    `isGood` is null when it was never verified, when not all of it could be read, and when the last verification is
    not in the chain itself.
    """

    lastEvent = Whole(source="head.sequence", default=None, allow_null=True)
    anchor = Text()
    isGood = serializers.BooleanField(source="is_good", allow_null=True)
    verification = VerificationAnswer(allow_null=True)


EVENT: dict[str, Any] = {
    "sequence": 4711,
    "at": "2026-03-01T12:00:00.000000Z",
    "actor": "olga",
    "actorKind": "TOKEN",
    "tokenId": "7",
    "source": "API",
    "address": "198.51.100.7",
    "requestId": "0b6f1c2d3e4f5a6b7c8d9e0f1a2b3c4d",
    "action": "start_execution",
    "objectKind": "execution",
    "objectId": "5b0c7f8e-3d5d-4f0e-9a51-0d8f6f8b2c11",
    "objectName": "Drill of Billing",
    "accountIds": ["222222222222"],
    "outcome": "ALLOWED",
    "before": {},
    "after": {"mode": "DRILL"},
    "detail": {"reason": "Quarterly drill"},
    "previousHash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "hmac": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
}
CHAIN: dict[str, Any] = {
    "lastEvent": 4711,
    "anchor": "The anchor /srv/audit-anchor.json holds event 4711, written 2026-03-01T12:00:00.000000+00:00.",
    "isGood": True,
    "verification": {
        "at": "2026-03-01T06:00:00Z",
        "by": "anton",
        "lastEvent": 4690,
        "eventCount": 4690,
        "segmentCount": 0,
        "unreadCount": 0,
        "seconds": 0.21,
        "problemCount": 0,
        "problems": [],
    },
}


class AuditViewSet(ApiViewSet):
    """The audit trail."""

    tag = "Audit and reports"

    @endpoint(
        VIEW,
        exports="export_audit",
        needs=AUDITORS,
        query=AuditQuery,
        answer=AuditEventAnswer,
        is_list=True,
        usual_order="-sequence",
        example=EVENT,
    )
    def events(self) -> Any:
        """List who did what, or was refused it, the latest first. Or all of it that the filters leave, as a file."""
        require_auditor(actor=self.actor)
        found = self.narrowed(AuditEvent.objects.all(), ignored=("account",))
        if "account" in self.query:
            found = in_account(found, self.query["account"])
        if self.query["format"] != CSV:
            return self.paged(found)
        asked = self.request.query_params.dict()
        _, lines = export_audit(events=found, kind=CSV, actor=self.actor, filters=asked)
        return file_of("audit", lines)

    @endpoint(VIEW, needs=AUDITORS, answer=ChainAnswer, example=CHAIN)
    def verification(self) -> Any:
        """Say what the last verification of the chain found, up to which event, and what its anchor holds."""
        require_auditor(actor=self.actor)
        return _chain(AuditVerification.objects.first())

    @endpoint(VIEW, action="verify_audit", needs=AUDITORS, answer=ChainAnswer, example=CHAIN)
    def verify(self) -> Any:
        """Verify the whole chain now. Problems are what it finds, not an error."""
        _, kept = verify_audit(actor=self.actor)
        return _chain(kept)


def _chain(found: AuditVerification | None) -> dict[str, Any]:
    return {
        "head": AuditHead.objects.filter(pk=HEAD).first(),
        "anchor": anchor.sentence(),
        "is_good": is_good(found),
        "verification": found,
    }
