"""What to write when a call that cannot be repeated was not simply accepted."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from drsorch.aws import sessions
from drsorch.aws.calls import Client
from drsorch.aws.classify import CLOCK, EXPIRED, UNRECOGNISED
from drsorch.aws.errors import (
    AwsConflict,
    AwsDenied,
    AwsError,
    AwsQuota,
    AwsThrottled,
    AwsUnknown,
    AwsUnreachable,
    TooLate,
)
from executions.decisions import pace
from executions.models.calls import Call
from executions.states import CallStatus
from executions.turn import Turn

# AWS said "not now", or never heard us: certainly not started, worth trying again.
NOT_NOW = (AwsThrottled, AwsQuota, AwsUnreachable, TooLate)


def client_for(call: Call) -> Client:
    """Return a client that sends once. Raises AwsError: then nothing was sent."""
    return sessions.client(call.account, call.region, "drs", once=True)


def intend(call: Call) -> datetime:
    """Write the intent and return the deadline of the call. From the commit on it may have been made.

    Call inside the turn's record, and make the call after it.
    """
    call.status, call.intended_at, call.not_before = CallStatus.INTENT, timezone.now(), None
    call.was_in_conflict = False
    call.attempt += 1
    call.save(update_fields=["status", "intended_at", "not_before", "was_in_conflict", "attempt"])
    return call.intended_at + timedelta(seconds=settings.ENGINE_SEND_WITHIN_SECONDS)


def is_final(error: AwsError) -> bool:
    """Say whether AWS's no, to a call that was not started, will stay a no: then asking again does not help.

    Credentials that AWS no longer accepts are replaced for the next call, and a clock that is wrong is set right.
    Whoever may not act at all is refused again.
    """
    if error.aws_code in CLOCK:
        return False
    if isinstance(error, AwsDenied):
        return error.aws_code not in EXPIRED | UNRECOGNISED
    return not isinstance(error, (*NOT_NOW, AwsConflict, AwsUnknown))


def unclear(turn: Turn, call: Call, error: AwsConflict | AwsUnknown) -> None:
    """Keep the intent: the call may have happened, or an earlier one of ours is in the way. Look at once."""
    with turn.record() as execution:
        call.was_in_conflict = isinstance(error, AwsConflict)
        call.is_doubtful = call.is_doubtful or not call.was_in_conflict
        call.reason = error.message
        call.not_before = None
        call.save(update_fields=["was_in_conflict", "is_doubtful", "reason", "not_before"])
        execution.say(f"{error.message} Looking whether it happened.", by="engine", what="call", tone="warn")


def postpone(turn: Turn, call: Call, why: str) -> None:
    """Plan the call again: it was certainly not started. Wait longer each time, and say so."""
    with turn.record() as execution:
        wait = _wait(call)
        call.status, call.refusals, call.was_in_conflict = CallStatus.PLANNED, call.refusals + 1, False
        call.not_before = timezone.now() + timedelta(seconds=wait)
        call.reason = f"{why} Trying again in {wait:.0f} s."
        call.save(update_fields=["status", "refusals", "was_in_conflict", "not_before", "reason"])
        execution.say(call.reason, by="engine", what="call", tone="warn")


def is_settled(call: Call) -> bool:
    """Say whether the settle window of the last attempt has passed: what was sent would have turned up by now."""
    settle = timedelta(seconds=settings.ENGINE_SETTLE_SECONDS)
    return call.intended_at is not None and timezone.now() >= call.intended_at + settle


def look_again(turn: Turn, call: Call, why: str) -> None:
    """Look once more after a while; what is known of the call stays. The page says what is waited for."""
    _look_in(turn, call, why, settings.ENGINE_RECONCILE_SECONDS)


def could_not_look(turn: Turn, call: Call, why: str) -> None:
    """Look once more, later each time, because AWS did not answer."""
    wait = _wait(call)
    call.refusals += 1
    _look_in(turn, call, why, wait)


def _look_in(turn: Turn, call: Call, why: str, wait: float) -> None:
    with turn.record() as execution:
        is_news = call.reason != why
        call.reason = why
        call.is_doubtful = call.is_doubtful or (call.status == CallStatus.INTENT and not call.was_in_conflict)
        call.not_before = timezone.now() + timedelta(seconds=wait)
        call.save(update_fields=["reason", "is_doubtful", "not_before", "refusals"])
        if is_news:
            execution.say(why, by="engine", what="call", tone="warn")


def _wait(call: Call) -> float:
    return pace.back_off(call.refusals, settings.ENGINE_BACKOFF_SECONDS, settings.ENGINE_BACKOFF_LIMIT_SECONDS)
