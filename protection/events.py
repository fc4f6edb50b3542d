"""Events in from EventBridge: a rule that fires on a schedule asks for the tags of all servers to be read again.

Four layers, in this order, each refusal recorded: the token, the address, the structure, the name of the rule. Where
the request comes from is what the connection says; what the event says of its address is not looked at.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.api.middleware import is_allowed
from drsorch.audit.actor import Actor
from drsorch.audit.models import Outcome
from drsorch.audit.record import at_the_end, record
from drsorch.config.reading import checked
from drsorch.errors import Denied, Invalid, UserError
from protection.models import ReceivedEvent, TargetAccount
from protection.services.accounts import start_sync

SOURCE, DETAIL_TYPE = "aws.events", "Scheduled Event"
MEMBERS = ("id", "source", "detail-type", "detail", "time")
EVENT_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
# EventBridge tries for up to 24 hours; what is older was kept by somebody else.
OLDEST, AHEAD = timedelta(hours=25), timedelta(minutes=5)
KEPT = timedelta(days=7)  # ids of events; longer than one may be old
SHOWN = 64


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an event. `is_repeated`: it had come before, and nothing was started again."""

    event_id: str
    rule: str
    regions: int
    is_repeated: bool


def receive_event(*, actor: Actor, event: Any) -> Receipt:
    """Accept an event and ask for a synchronisation of every enabled Region; the same id again starts nothing. No AWS.

    `actor` came with a token; its address is the connection's. Raises Denied (code EVENT_REFUSED, `details["layer"]`)
    and Invalid; each refusal is recorded first. Must not be called inside a transaction, which would undo that.
    """
    try:
        rule = _accepted(actor, event)
    except UserError as refusal:
        layer = refusal.details.get("layer") or ("structure" if isinstance(refusal, Invalid) else "token")
        record_refusal(actor=actor, event=event, layer=layer, code=refusal.code, sentence=refusal.message)
        raise
    return _start(actor, event["id"], rule)


@transaction.atomic
def record_refusal(*, actor: Actor, event: Any, layer: str, code: str, sentence: str) -> None:
    """Record that an event was refused. For doors too, which refuse a wrong token before anybody is known."""
    said: Mapping[str, Any] = event if isinstance(event, dict) else {}
    row = ReceivedEvent(event_id=_short(said.get("id")), rule=_short(_rule_of(said)))
    record(actor, "receive_event", row, outcome=Outcome.DENIED, layer=layer, code=code, sentence=sentence)


@transaction.atomic
@at_the_end()
def _start(actor: Actor, event_id: str, rule: str) -> Receipt:
    # Of two that come at once, the second waits for the first one's row.
    row, is_new = ReceivedEvent.objects.get_or_create(event_id=event_id, defaults={"rule": rule})
    if not is_new:
        return Receipt(row.event_id, row.rule, row.regions, is_repeated=True)
    ReceivedEvent.objects.filter(received_at__lt=timezone.now() - KEPT).delete()
    # Of all accounts: access to everything was asked for, and the sender needs to see none of it. In the order in which
    # an import locks their rows: the other way round, each could wait for the other.
    accounts = TargetAccount.objects.order_by("account_id")
    row.regions = sum(start_sync(account=account, actor=actor) for account in accounts)
    row.save(update_fields=["regions"])
    record(actor, "receive_event", row, regions=row.regions)
    return Receipt(event_id, rule, row.regions, is_repeated=False)


def _accepted(actor: Actor, event: Any) -> str:
    """Return the name of the rule of an event that every layer lets pass. Raises Denied, Invalid."""
    if actor.right is None:
        raise _refused("token", "Events are accepted from a program with an API token only.")
    policy.require_everywhere(actor, Permission.UPDATE_PROTECTION_GROUP)
    ranges = tuple(settings.EVENTS_ALLOWED_CIDRS)
    if not ranges or not is_allowed(actor.address, ranges):
        raise _refused("address", f"Events are not accepted from {actor.address or 'an unknown address'}.")
    _check_structure(event)
    rule = _rule_of(event)
    if not re.fullmatch(settings.EVENTS_RULE_NAME, rule):
        raise _refused("rule", f"Events of the rule {_short(rule) or 'without a name'} are not accepted.")
    return rule


def _check_structure(event: Any) -> None:
    if not isinstance(event, dict):
        raise _misshapen("An event is an object.")
    checked(event, "The event")
    missing = [name for name in MEMBERS if name not in event]
    if missing:
        raise _misshapen(f"The event has no {', '.join(missing)}.")
    forms: dict[str, Callable[[Any], bool]] = {
        "id": lambda value: isinstance(value, str) and bool(EVENT_ID.fullmatch(value)),
        "source": lambda value: value == SOURCE,
        "detail-type": lambda value: value == DETAIL_TYPE,
        "detail": lambda value: isinstance(value, dict),
        "time": _is_recent,
    }
    wrong = [name for name, is_right in forms.items() if not is_right(event[name])]
    if wrong:
        raise _misshapen(f"The event's {', '.join(wrong)} is not that of a scheduled rule of the last day.")


def _rule_of(event: Mapping[str, Any]) -> str:
    """Return the rule's name: from the ARN in `resources`, where EventBridge puts it, or from `detail`."""
    resources, detail = event.get("resources"), event.get("detail")
    for arn in resources if isinstance(resources, list) else ():
        parts = arn.split(":", 5) if isinstance(arn, str) else []
        if parts[:1] == ["arn"] and parts[2:3] == ["events"] and parts[-1].startswith("rule/"):
            return parts[-1].rpartition("/")[2]
    named = detail.get("rule-name") if isinstance(detail, dict) else None
    return named if isinstance(named, str) else ""


def _is_recent(value: Any) -> bool:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return timezone.now() - OLDEST <= moment <= timezone.now() + AHEAD


def _short(text: Any) -> str:
    return text[:SHOWN] if isinstance(text, str) and text.isprintable() else ""


def _refused(layer: str, sentence: str) -> Denied:
    return Denied(sentence, code="EVENT_REFUSED", details={"layer": layer})


def _misshapen(sentence: str) -> Invalid:
    return Invalid(sentence, code="EVENT_REFUSED", details={"layer": "structure"})
