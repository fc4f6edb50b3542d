"""Write evidence: the last statement of the transaction that changes something."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from drsorch.audit import anchor, chain
from drsorch.audit.actor import Actor
from drsorch.audit.models import HEAD, AuditEvent, Outcome

WIDTHS = {
    field.name: field.max_length for field in AuditEvent._meta.concrete_fields if isinstance(field, models.CharField)
}
HEAD_ROW = "SELECT sequence, hmac FROM audit_audithead WHERE id = %s"
# What was recorded in a block of at_the_end(), and what follows its commit; None outside of one.
Waiting = list[tuple[AuditEvent, Callable[[], None]]]
_waiting: ContextVar[Waiting | None] = ContextVar("waiting", default=None)


class BrokenChain(RuntimeError):
    """Nothing can be appended, because the row that says what is last is gone."""


def record(
    actor: Actor,
    action: str,
    obj: models.Model,
    *,
    outcome: str = Outcome.ALLOWED,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    account: str | None = None,
    **detail: Any,
) -> AuditEvent:
    """Write that `actor` did `action` to `obj`. `before`, `after` and `detail` are JSON without secrets.

    `account` is needed for an object that is gone already; others say in which AWS accounts they are
    (`audited_account`). Must be called inside the transaction of the change, as its last statement: no audit, no
    change, and whoever appends next waits until it ends. In a block of `at_the_end` the event gets its number at the
    end of the block. Raises TransactionManagementError when there is no transaction, BrokenChain when the chain has
    lost its head.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{action} must be recorded in the transaction of its change.")
    return _write(
        actor,
        action=action,
        object_kind=obj._meta.model_name or "",
        object_id=str(obj.pk),
        object_name=str(obj),
        account=account_of(obj) if account is None else account,
        outcome=outcome,
        before=before or {},
        after=after or {},
        detail=detail,
    )


def record_refusal(
    actor: Actor,
    action: str,
    *,
    outcome: str = Outcome.DENIED,
    obj: models.Model | None = None,
    object_kind: str = "",
    object_id: str = "",
    **detail: Any,
) -> AuditEvent:
    """Write that `actor` was refused `action`, or that it failed, in a transaction of its own.

    The one of the change was rolled back. The object is `obj`, or what the request named, when nothing was found.
    Raises RuntimeError inside a transaction.
    """
    with transaction.atomic(durable=True):
        return _write(
            actor,
            action=action,
            object_kind=(obj._meta.model_name or "") if obj else object_kind,
            object_id=str(obj.pk) if obj else object_id,
            object_name=str(obj) if obj else "",
            account=account_of(obj) if obj else "",
            outcome=outcome,
            before={},
            after={},
            detail=detail,
        )


@contextmanager
def at_the_end() -> Iterator[None]:
    """Append what is recorded in the block at its end; nothing when its transaction is rolled back then.

    For changes of many objects, as the last block of their transaction: each is recorded by its own service, and others
    may append, and lock rows in their own order, until all are made. Raises TransactionManagementError outside a
    transaction, BrokenChain.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("Changes are recorded at the end of their transaction only.")
    if _waiting.get() is not None:  # the end is that of the block around this one
        yield
        return
    waiting: Waiting = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if waiting and not transaction.get_rollback():
        # What was recorded in a part that was rolled back to its savepoint is not followed any more.
        followed = {id(entry[1]) for entry in transaction.get_connection().run_on_commit}
        _append([event for event, follow in waiting if id(follow) in followed])


def account_of(obj: models.Model) -> str:
    """Return the ids of the AWS accounts in which `obj` is, with commas, or nothing when it is in none."""
    return obj.audited_account() if hasattr(obj, "audited_account") else ""


def _write(actor: Actor, **said: Any) -> AuditEvent:
    """Make the event, and append it now or at the end. What can be done before the head is locked is: others wait."""
    said |= {
        "actor": actor.name,
        "actor_kind": actor.kind,
        "user_id": actor.user.pk if actor.user is not None else None,
        "token": actor.token,
        "source": actor.source,
        "address": actor.address,
        "request_id": actor.request_id,
    }
    event = AuditEvent(**{name: _stored(name, value) for name, value in said.items()})
    follow, waiting = partial(anchor.follow), _waiting.get()
    if waiting is None:
        _append([event])
    else:
        waiting.append((event, follow))
    transaction.on_commit(follow)
    return event


def _append(events: Sequence[AuditEvent]) -> None:
    """Add the events behind the last one, in their order; the database moves the head on."""
    if not events:
        return
    last, previous_hash = _lock_head()
    for event in events:
        event.sequence, event.previous_hash, event.at = last + 1, previous_hash, timezone.now()
        event.hmac = chain.seal({name: getattr(event, name) for name in chain.FACTS}, settings.AUDIT_KEY)
        event.save(force_insert=True)
        last, previous_hash = event.sequence, event.hmac


def _stored(name: str, value: Any) -> Any:
    """Return a value as the database will give it back: that is what is sealed."""
    kept = chain.plain(value)
    return kept[: WIDTHS[name]] if name in WIDTHS else kept


def _lock_head() -> tuple[int, str]:
    """Return the last event's number and seal, locked until the transaction ends. SQLite has one writer anyway.

    In SQL, because every change waits for it: half of the time would be spent on building the query.
    """
    connection = transaction.get_connection()
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(HEAD_ROW + lock, [HEAD])
        head: tuple[int, str] | None = cursor.fetchone()
    if head is None:
        raise BrokenChain("The audit chain has lost its head. Run manage.py audit_verify; see docs/operations.md.")
    return head
