"""What auditors do with the audit trail: export it, verify it. Every door calls these."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from drsorch.access import policy
from drsorch.access.roles import Role
from drsorch.api.throttles import refuse_verifications
from drsorch.audit.actor import Actor
from drsorch.audit.export import FORMATS
from drsorch.audit.findings import Report
from drsorch.audit.models import HEAD, AuditHead, AuditVerification
from drsorch.audit.record import record
from drsorch.audit.verified import keep
from drsorch.audit.verify import verify
from drsorch.errors import Denied


def require_auditor(*, actor: Actor) -> None:
    """Return when the actor may read, export and verify the audit trail. Raises Denied."""
    if not policy.may_audit(actor):
        raise Denied(
            "The audit trail is for auditors and administrators. Ask an administrator for the role.",
            details={"role": str(Role.AUDITOR)},
        )


def export_audit(
    *, events: QuerySet[Any], kind: str, actor: Actor, filters: Mapping[str, Any]
) -> tuple[str, Iterator[str]]:
    """Return the media type and the lines of a file of the events there are, and record that they were exported.

    `kind` is one of FORMATS, `filters` what the events were narrowed by, for the evidence. Raises Denied.
    """
    require_auditor(actor=actor)
    with transaction.atomic():
        trail = AuditHead.objects.get(pk=HEAD)
        event = record(actor, "export_audit", trail, format=kind, filters=dict(filters))
    mime, lines = FORMATS[kind]
    return mime, lines(events.filter(sequence__lt=event.sequence))


def verify_audit(*, actor: Actor) -> tuple[Report, AuditVerification]:
    """Verify the whole chain now, and record it; return what was found, and what is kept of it. Reads every event.

    Raises Denied, and Throttled for who has just had it verified a few times.
    """
    require_auditor(actor=actor)
    refuse_verifications(f"{actor.user.pk if actor.user else ''}:{actor.token}")
    report = verify()
    return report, keep(report, actor)
