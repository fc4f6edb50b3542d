"""The one way through which every request to AWS goes: breaker, limiter, deadline, error classes, one log line."""

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

from botocore import xform_name
from botocore.exceptions import NoCredentialsError
from botocore.parsers import ResponseParserError
from django.conf import settings

from drsorch.aws import budget, classify, novelties
from drsorch.aws.breaker import Breaker, Refusal
from drsorch.aws.clocks import Clocks
from drsorch.aws.errors import (
    AwsConflict,
    AwsDenied,
    AwsError,
    AwsNotReady,
    AwsQuota,
    AwsRejected,
    AwsThrottled,
    AwsUnknown,
    AwsUnreachable,
    TooLate,
)
from drsorch.aws.limiter import Limiter, Priority

log = logging.getLogger("drsorch.aws")
LIMITER = Limiter()
BREAKER = Breaker()
CLOCKS = Clocks()
# A lock that was held in the parent would stay held for ever.
os.register_at_fork(after_in_child=LIMITER.forget)
PRIORITIES = {"launch": Priority.LAUNCH, "inventory": Priority.INVENTORY}
OUTCOMES: tuple[tuple[type[AwsError], str], ...] = (
    (AwsUnreachable, "unreachable"),
    (AwsUnknown, "unknown"),
    (AwsConflict, "conflict"),
    (AwsQuota, "quota"),
    (AwsRejected, "rejected"),
    (AwsThrottled, "throttled"),
    (AwsDenied, "denied"),
    (AwsNotReady, "not_ready"),
    (TooLate, "too_late"),
)


class Access(Protocol):
    """The credentials behind a client."""

    def signs(self) -> Any:
        """Return botocore's credentials to sign with; None when this installation has none."""

    def works(self) -> bool:
        """Tell whether STS accepts the credentials."""

    def drop(self) -> None:
        """Forget the credentials, so that the next client gets new ones."""


@dataclass(frozen=True, slots=True)
class Client:
    """A connection to one service in one Region of one account. Made by `sessions.client` only."""

    account_id: str
    region: str
    service: str
    once: bool
    purpose: str
    patience: float  # seconds that a request may wait for our own limiter
    api: Any = field(repr=False)
    access: Access = field(repr=False)

    @property
    def priority(self) -> Priority:
        """Who goes first when the limiter makes requests wait."""
        return Priority.LAUNCH if self.once else PRIORITIES.get(self.purpose, Priority.POLL)

    @property
    def bucket(self) -> tuple[str, str, str]:
        """The key of the limiter, the breaker and the clocks."""
        return self.account_id, self.region, self.service


@dataclass(slots=True)
class Call:
    """One call while it runs. botocore's hooks find it through a context variable, so threads cannot mix them up."""

    client: Client
    asked: classify.Asked
    deadline: datetime | None
    attempts: int = 0
    request_id: str = ""
    is_probe: bool = False


_current: ContextVar[Call] = ContextVar("drsorch_aws_call")


def call(
    client: Client, operation: str, params: Mapping[str, Any] | None = None, *, deadline: datetime | None = None
) -> dict[str, Any]:
    """Ask AWS and return its answer. Raises AwsError, always of the class that says what may be concluded.

    `deadline` (aware) is checked when the request is signed and about to be put on the wire; a retry checks it again.
    """
    if deadline is not None and deadline.tzinfo is None:
        raise AssertionError("A deadline needs a time zone.")
    asked = classify.Asked(operation, client.account_id, client.region, client.once)
    method = getattr(client.api, xform_name(operation))
    running = Call(client, asked, deadline)
    with _logged(running), _running(running):
        try:
            answer: dict[str, Any] = method(**(params or {}))
        except AwsError:
            raise
        except Exception as error:  # whatever it is, the request may be on its way: never let it look like a "no"
            raise _judged(classify.translate(error, asked), client) from error
    return answer


@contextmanager
def _running(running: Call) -> Iterator[None]:
    token = _current.set(running)
    try:
        yield
    finally:
        _current.reset(token)
        if running.is_probe:
            BREAKER.settle(running.client.bucket)


def _judged(error: AwsError, client: Client) -> AwsError:
    """Look closer at refused credentials: a Region that is not enabled refuses good ones."""
    if not isinstance(error, AwsDenied) or error.aws_code not in classify.UNRECOGNISED | classify.EXPIRED:
        return error
    if error.aws_code in classify.UNRECOGNISED and client.service != "sts" and _works(client):
        asked = classify.Asked(error.operation, error.account_id, error.region)
        message = (
            f"{asked} is not possible yet ({error.aws_code}): the credentials are valid, this Region does not accept "
            f"them. {classify.not_enabled_advice(asked)}"
        )
        return classify.make(AwsNotReady, message, asked, aws_code=error.aws_code, request_id=error.request_id)
    client.access.drop()
    return error


def _works(client: Client) -> bool:
    """Tell whether STS accepts the credentials. When it cannot be asked, the refusal that was heard stands."""
    try:
        return client.access.works()
    except AwsError:
        return False


@contextmanager
def _logged(running: Call) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    except AwsError as error:
        _write(running, started, _outcome(error), error.aws_code, error.request_id)
        raise
    _write(running, started, "ok", "", running.request_id)


def _outcome(error: AwsError) -> str:
    return next((word for kind, word in OUTCOMES if isinstance(error, kind)), "failed")


def _write(running: Call, started: float, outcome: str, aws_code: str, request_id: str) -> None:
    facts = {
        "operation": running.asked.operation,
        "account": running.client.account_id,
        "region": running.client.region,
        "duration_ms": round((time.monotonic() - started) * 1000),
        "outcome": outcome,
        "aws_code": aws_code,
        "aws_request_id": request_id or running.request_id,
        "attempts": running.attempts,
    }
    level = logging.INFO if outcome == "ok" else logging.WARNING
    log.log(level, "%(operation)s %(account)s %(region)s: %(outcome)s in %(duration_ms)s ms", facts, extra=facts)


def watch(api: Any) -> None:
    """Hang our hooks into a new botocore client. The order of a try: permission, signature, deadline, socket."""
    api.meta.events.register_first("before-sign", _prepare)
    api.meta.events.register_last("before-send", _check_deadline)
    api.meta.events.register_first("before-parse", _check_body)
    api.meta.events.register_last("response-received", _learn)


def _prepare(request: Any, **_: object) -> None:
    """Wait for permission, then have the request signed for the account that was asked for: the client has no keys.

    In this order, so that a signature is not as old as the wait when it is sent.
    """
    running = _current.get()
    _ask_permission(running)
    credentials = running.client.access.signs()
    if credentials is None:
        raise NoCredentialsError
    request.context.setdefault("signing", {})["request_credentials"] = credentials


def _ask_permission(running: Call) -> None:
    """Let a try pass: there is time for it, the place is not known to be silent, and there is a token."""
    if budget.left() <= 0:
        message = f"{running.asked} was not sent: this piece of work has asked AWS for too long. It is tried again."
        raise classify.make(AwsUnreachable, message, running.asked)
    permission = BREAKER.admit(running.client.bucket, limit=settings.AWS_BREAKER_MISSES)
    if isinstance(permission, Refusal):
        message = f"{running.asked} was not sent: {running.client.service} there {permission}"
        raise classify.make(AwsUnreachable, message, running.asked)
    running.is_probe = running.is_probe or permission
    _take_token(running)


def _take_token(running: Call) -> None:
    client, deadline = running.client, running.deadline
    patience = min(client.patience, budget.left())
    if deadline is not None:
        patience = min(patience, max((deadline - datetime.now(UTC)).total_seconds(), 0.0))
    rate, burst = settings.AWS_REQUESTS_PER_SECOND, settings.AWS_BURST
    if not LIMITER.acquire(client.bucket, client.priority, rate=rate, burst=burst, patience=patience):
        message = (
            f"{running.asked} was not sent: our own limit of {rate:g} requests per second for {client.service} there "
            "leaves no room in time. It is tried again later; if this is frequent, raise AWS_REQUESTS_PER_SECOND."
        )
        raise classify.make(AwsThrottled, message, running.asked)


def _check_deadline(request: Any, **_: object) -> None:
    running = _current.get()
    if running.client.once:
        # A connection that idled between two waves may be dead without a sign (NAT gateways forget it after some
        # minutes). Used again it would break, and leave a start in doubt that never left this machine.
        request.headers["Connection"] = "close"
    running.attempts += 1
    if running.deadline is not None and datetime.now(UTC) >= running.deadline:
        message = (
            f"{running.asked} was not sent: it had to be sent by {running.deadline.astimezone(UTC):%H:%M:%S} UTC. "
            "Nothing was started; it is decided anew."
        )
        raise classify.make(TooLate, message, running.asked)


def _check_body(operation_model: Any, response_dict: Mapping[str, Any], **_: object) -> None:
    """Refuse a body that botocore would quietly read as an answer without members: it was cut short."""
    shape = operation_model.output_shape
    has_members = shape is not None and bool(shape.members)
    is_json = "json" in operation_model.service_model.resolved_protocol
    if response_dict["status_code"] >= HTTPStatus.MULTIPLE_CHOICES or not (is_json and has_members):
        return
    try:
        novelties.note(shape, json.loads(response_dict["body"]))
    except ValueError as error:
        raise ResponseParserError("the answer is cut short or not JSON") from error


def _learn(parsed_response: Mapping[str, Any] | None, exception: Exception | None = None, **_: object) -> None:
    running = _current.get()
    if isinstance(exception, classify.SILENCE):
        BREAKER.missed(running.client.bucket, type(exception).__name__, limit=settings.AWS_BREAKER_MISSES)
    elif parsed_response is not None:
        BREAKER.heard(running.client.bucket)
    answer = parsed_response or {}
    metadata = answer.get("ResponseMetadata", {})
    CLOCKS.learn(running.client.bucket, metadata.get("HTTPHeaders", {}))
    running.request_id = str(metadata.get("RequestId") or "")
    code, status = answer.get("Error", {}).get("Code"), metadata.get("HTTPStatusCode")
    if code and classify.kind_of(code, status) is AwsThrottled:
        LIMITER.slow_down(running.client.bucket)
