"""Every endpoint there is, from the addresses themselves: what the tables of these tests run over."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import get_resolver

from drsorch.api.endpoint import Endpoint
from drsorch.api.views import ApiViewSet

# Ids of objects that nobody has ever made, by what the address calls them.
NOBODYS = {
    "row": "999999999",
    "account": "999999999999",
    "uuid": str(UUID(int=7)),
    "server_id": "s-00000000000000bad",
    "job_id": "drsjob-00000000000000bad",
}


@dataclass(frozen=True)
class Route:
    """One method of one address, as a client would write it with ids of nobody."""

    method: str
    path: str
    has_id: bool
    spec: Endpoint

    def __str__(self):
        return f"{self.method} {self.path}"

    @property
    def is_write(self):
        return self.method not in {"GET", "HEAD"}


def routes():
    """Return all of them."""
    found = []
    for pattern in _leaves(get_resolver().url_patterns, ""):
        path, callback = pattern
        view = getattr(callback, "cls", None)
        if view is None or not issubclass(view, ApiViewSet):
            continue
        for method, action in callback.actions.items():
            if method != "head":
                address, has_id = _filled(path.removeprefix("api/v1"))
                found.append(Route(method.upper(), address, has_id, getattr(view, action).endpoint))
    return sorted(found, key=str)


def _leaves(patterns, prefix):
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _leaves(pattern.url_patterns, here)
        else:
            yield here, pattern.callback


def _filled(path):
    parts = []
    for part in path.split("/"):
        if part.startswith("<"):
            kind, name = part.strip("<>").split(":")
            parts.append(NOBODYS.get(name) or NOBODYS[kind])
        else:
            parts.append(part)
    filled = "/".join(parts)
    return filled, filled != path


ROUTES = routes()
