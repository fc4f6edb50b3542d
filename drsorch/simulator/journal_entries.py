"""Lines of the journal: which requests change something, and how they are written down."""

import time
from typing import Any

from drsorch.simulator.credentials import Caller
from drsorch.simulator.faults import Turn
from drsorch.simulator.journal import Entry
from drsorch.simulator.signed_request import SignedRequest

READING_METHODS = {"GET", "HEAD"}
READING_WORDS = ("Describe", "List", "Get", "Search", "Lookup", "BatchGet", "Query", "Scan", "Simulate", "Validate")
CHANGING_IN_SPITE_OF_ITS_NAME = {"GetSessionToken", "GetFederationToken"}
# What these do, they do elsewhere: doing it again would send a message or run a function twice.
REACHING_OUTSIDE = {("sns", "Publish"), ("sns", "PublishBatch"), ("lambda", "Invoke")}
KEPT = {"REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "RAW_URI", "REQUEST_URI", "CONTENT_TYPE", "SERVER_NAME"}
NOT_KEPT = {"HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_CONNECTION"}


def changes_something(request: SignedRequest) -> bool:
    """Whether the request has an effect to be repeated after a restart; reads, which are most, leave no line."""
    operation = request.operation
    if (request.service, operation) in REACHING_OUTSIDE:
        return False
    if operation in CHANGING_IN_SPITE_OF_ITS_NAME:
        return True
    if operation.startswith(READING_WORDS):
        return False
    return request.method not in READING_METHODS or request.service == "sts"


def call_entry(environ: dict[str, Any], request: SignedRequest, caller: Caller, turn: Turn) -> Entry:
    """A call with what is needed to make it again, signature included: moto finds the account by it."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in KEPT or (name.startswith("HTTP_") and name not in NOT_KEPT)
    }
    return {
        "do": "call",
        "caller": [caller.account, caller.arn, caller.role.arn if caller.role else None],
        "environ": {**kept, "SERVER_PORT": str(environ["SERVER_PORT"])},
        "body": request.body.decode("latin-1"),
        "hits": turn.hits,
    }


def hits_entry(turn: Turn, now: float) -> Entry:
    """Rules that were used up by a call that changed nothing."""
    return {"do": "hits", "v": now, "w": time.time(), "hits": turn.hits}


def control_entry(method: str, name: str, body: dict[str, Any], now: float, seed: str) -> Entry:
    """A request to the control path that changes something."""
    return {"do": "control", "v": now, "w": time.time(), "seed": seed, "method": method, "name": name, "body": body}
