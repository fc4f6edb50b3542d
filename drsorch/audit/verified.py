"""Verifications as evidence: each is an event of the chain that it verified, or it proves nothing."""

from django.db import IntegrityError, transaction

from drsorch.audit import anchor, chain
from drsorch.audit.actor import Actor
from drsorch.audit.facts import facts_of
from drsorch.audit.findings import Report
from drsorch.audit.models import HEAD, AuditEvent, AuditHead, AuditVerification
from drsorch.audit.record import BrokenChain, record
from drsorch.audit.walk import Keys

VERIFY = "verify_audit"
TOLD = ("at", "by", "sequence", "events", "segments", "unread_count", "seconds", "problem_count", "problems")


def keep(report: Report, actor: Actor) -> AuditVerification:
    """Write down that `actor` had the chain verified, and what was found: in the table, and as an event.

    That nothing can be appended to the chain is one more problem; then only the table has it.
    """
    try:
        with transaction.atomic():
            row = _save(report, actor)
            event = record(actor, VERIFY, row, **facts_of(row, TOLD))
            if not AuditHead.objects.filter(pk=HEAD, hmac=event.hmac).exists():
                raise BrokenChain("The head of the chain stands still.")
    except (BrokenChain, IntegrityError):
        report.add("Nothing can be appended to the chain: this verification is not in it.")
        row = _save(report, actor)
    return row


def is_recorded(row: AuditVerification) -> bool:
    """Say whether a sealed event says the same of this verification. A row alone may be anybody's."""
    kind, told = row._meta.model_name, chain.plain(facts_of(row, TOLD))
    event = AuditEvent.objects.filter(object_kind=kind, object_id=str(row.pk), action=VERIFY).first()
    if event is None or event.detail != told:
        return False
    facts = {name: getattr(event, name) for name in chain.FACTS}
    return not Keys(anchor.keys()).wrong(facts, event.hmac)


def is_good(row: AuditVerification | None) -> bool | None:
    """Return whether a verification found all well. None: there is none, it proves nothing, or not all was read."""
    if row is None or row.problem_count:
        return None if row is None else False
    return None if row.unread_count or not is_recorded(row) else True


def _save(report: Report, actor: Actor) -> AuditVerification:
    return AuditVerification.objects.create(
        by=actor.name[:150],
        sequence=report.sequence,
        events=report.events,
        segments=report.segments,
        unread_count=report.unread_count,
        seconds=report.seconds,
        problem_count=report.problem_count,
        problems=report.problems,
    )
