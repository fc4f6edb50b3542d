"""Pages of a list: a token is opaque, and only good for the question that it came from."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, TypeVar

from drsorch.simulator.errors import invalid
from drsorch.simulator.operations.call import Call

DEFAULT_PAGE_SIZE = 200

Item = TypeVar("Item")


def page_of(
    call: Call, items: Sequence[Item], write: Callable[[Item], dict[str, Any]], member: str = "items"
) -> dict[str, Any]:
    """The page of `items` that the call asks for, each written by `write`. Raises ValidationException."""
    start = _start(call)
    size = call.params.get("maxResults", DEFAULT_PAGE_SIZE)
    answer: dict[str, Any] = {member: [write(item) for item in items[start : start + size]]}
    if len(items) > start + size:
        answer["nextToken"] = _token(call, start + size)
    return answer


def _question(call: Call) -> str:
    asked = {name: value for name, value in call.params.items() if name not in ("nextToken", "maxResults")}
    return sha256(json.dumps([call.place, asked], sort_keys=True).encode()).hexdigest()[:16]


def _token(call: Call, start: int) -> str:
    return base64.urlsafe_b64encode(f"{_question(call)}:{start}".encode()).decode()


def _start(call: Call) -> int:
    token = call.params.get("nextToken")
    if not token:
        return 0
    problem = "is not a token of this list"
    try:
        question, _, start = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise invalid(f"nextToken {problem}", ("nextToken", problem)) from None
    if question != _question(call) or not start.isdigit():
        raise invalid(f"nextToken {problem}", ("nextToken", problem))
    return int(start)
