"""Reading a list that AWS hands out page by page."""

from collections.abc import Iterator, Mapping
from typing import Any

from drsorch.aws import classify, wire
from drsorch.aws.calls import Client, call
from drsorch.aws.errors import AwsUnknown


def pages(
    client: Client,
    operation: str,
    params: Mapping[str, Any],
    *,
    items: str = "items",
    token: str = "nextToken",  # noqa: S107 - a member name, no secret
    key: str = "",
) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of all pages. `items` and `token` are the members that the service uses for them.

    With a `key`, the member that tells entries apart, each comes once: a list that shifts between two pages shows some
    twice.
    Raises AwsError, also when an answer has no list: that is not an empty list, and a half-read list is none at all.
    """
    found, seen, known = "", set[str](), set[str]()
    while True:
        answer = call(client, operation, {**params, token: found} if found else params)
        if not isinstance(answer.get(items), list):
            raise unreadable(client, operation, f"it has no list of {items}.")
        for entry in wire.listed(answer, items):
            name = wire.text(entry, key) if key else ""
            if name not in known:
                yield entry
            if name:
                known.add(name)
        found = wire.text(answer, token)
        if not found:
            return
        if found in seen:
            raise unreadable(client, operation, "its pages go round in a circle.")
        seen.add(found)


def unreadable(client: Client, operation: str, reason: str) -> AwsUnknown:
    """Return the error for an answer that arrived and makes no sense."""
    asked = classify.Asked(operation, client.account_id, client.region, client.once)
    return classify.unclear(f"the answer cannot be read, {reason}", asked)
