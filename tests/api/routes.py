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
    "instance_id": "i-00000000000000bad",
}
SHOWN = {"pk": "id", "account_id": "accountId", "server_id": "serverId", "job_id": "jobId", "instance_id": "instanceId"}


@dataclass(frozen=True)
class Route:
    """One method of one address, as a client would write it with ids of nobody."""

    method: str
    path: str
    pattern: str
    doc: str
    spec: Endpoint

    def __str__(self):
        return f"{self.method} {self.path}"

    @property
    def has_id(self):
        """True when the address names an object."""
        return "{" in self.pattern

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
                address, shown = _filled(path.removeprefix("api/v1"))
                handler = getattr(view, action)
                found.append(Route(method.upper(), address, shown, handler.__doc__, handler.endpoint))
    return sorted(found, key=str)


def _leaves(patterns, prefix):
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _leaves(pattern.url_patterns, here)
        else:
            yield here, pattern.callback


def _filled(path):
    """Return the address with ids of nobody, and as the documentation shows it."""
    filled, shown = [], []
    for part in path.split("/"):
        if part.startswith("<"):
            kind, name = part.strip("<>").split(":")
            filled.append(NOBODYS.get(name) or NOBODYS[kind])
            shown.append(f"{{{SHOWN.get(name, name)}}}")
        else:
            filled.append(part)
            shown.append(part)
    return "/".join(filled), "/".join(shown)


ROUTES = routes()
