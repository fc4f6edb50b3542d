"""Faults that spoil a call of any service: refused, cut, late, or answered with something that is no answer."""

import time

from drsorch.simulator.errors import Refusal, Refused
from drsorch.simulator.faults.rules import FaultRule
from drsorch.simulator.wire import Reply

REFUSALS: dict[str, tuple[Refusal, str]] = {
    "throttle": (Refusal.THROTTLED, "Rate exceeded"),
    "storm": (Refusal.THROTTLED, "Rate exceeded"),
    "conflict": (Refusal.CONFLICT, "The resource is being changed by another request."),
    "denied": (Refusal.DENIED, "You are not authorized to perform this operation."),
    "expired_credentials": (Refusal.EXPIRED, "The security token included in the request is expired"),
    "unknown_credentials": (Refusal.UNKNOWN_KEY, "The security token included in the request is invalid."),
    "region_disabled": (Refusal.UNKNOWN_KEY, "The security token included in the request is invalid."),
    "clock_skew": (Refusal.SKEWED, "The difference between the request time and the current time is too large."),
    "outage": (Refusal.UNAVAILABLE, "The service is unavailable."),
}
GARBAGE = b"<html><head><title>Bad gateway</title></head><body>upstream said nothing"


class ConnectionCut(Exception):
    """The caller's connection is to end without an answer; `is_reset` refuses it as rudely as TCP can."""

    def __init__(self, *, is_reset: bool = False) -> None:
        super().__init__("cut by a fault rule")
        self.is_reset = is_reset


def refuse_before_effect(rule: FaultRule) -> None:
    """Do what a rule does before the call has an effect: wait, raise Refused, or raise ConnectionCut."""
    if rule.kind in REFUSALS:
        refusal, message = REFUSALS[rule.kind]
        raise Refused(refusal, message)
    match rule.kind:
        case "slow":
            time.sleep(rule.seconds or 0)
        case "black_hole":
            rule.cleared.wait(rule.seconds)
            raise ConnectionCut
        case "cut_before":
            raise ConnectionCut
        case "refuse":
            raise ConnectionCut(is_reset=True)
        case "error_before":
            raise Refused(Refusal.FAILED, "An internal error occurred.", status=rule.status)


def spoil(rule: FaultRule, reply: Reply) -> Reply:
    """Do what a rule does after the call has had its effect: wait, raise, or answer something else."""
    match rule.kind:
        case "slow_after":
            time.sleep(rule.seconds or 0)
        case "cut_after":
            raise ConnectionCut
        case "error_after":
            raise Refused(Refusal.FAILED, "An internal error occurred after the effect.", status=rule.status)
        case "truncated":
            return Reply(reply.status, reply.body, reply.headers, cut_at=len(reply.body) // 2)
        case "garbage":
            return Reply(reply.status, GARBAGE, [("Content-Type", "text/html")])
    return reply
