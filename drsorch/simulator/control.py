"""Client of the control path: the same for a simulator in a thread and for one in another process."""

import http.client
import json
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

Document = dict[str, Any]


class ControlError(Exception):
    """The control path refused; the message is its sentence."""


class SimulatorControl:
    """Speaks HTTP to /_sim. Every method raises ControlError when refused and OSError when nobody listens."""

    def __init__(self, url: str, timeout_seconds: float = 30) -> None:
        self.url = url.rstrip("/")
        self._address = urlsplit(self.url).netloc
        self._timeout_seconds = timeout_seconds

    def health(self) -> Document:
        """World, speed and virtual time."""
        return self._map("GET", "health")

    def world(self) -> Document:
        """Accounts with credentials, roles, Regions and source servers."""
        return self._map("GET", "world")

    def clock(self, *, speed: float) -> Document:
        """Run at another speed; 0 freezes."""
        return self._map("POST", "clock", {"speed": speed})

    def advance(self, seconds: float) -> Document:
        """Jump forward in virtual time."""
        return self._map("POST", "clock", {"advance": seconds})

    def fault(self, **rule: Any) -> list[Document]:
        """Put a fault rule in force and return all of them."""
        return self._list("POST", "fault", rule)

    def faults(self) -> list[Document]:
        """Every rule in force with its number of hits."""
        return self._list("GET", "faults")

    def clear_faults(self) -> None:
        """Put every rule out of force."""
        self._ask("DELETE", "faults")

    def fail_server(self, account: str, region: str, source_server_id: str, at: str = "LAUNCH", times: int = 1) -> None:
        """Let the next launches of a server fail at SNAPSHOT, CONVERSION or LAUNCH."""
        place = {"account": account, "region": region, "source_server_id": source_server_id}
        self._ask("POST", "servers/fail", {**place, "at": at, "times": times})

    def settings(self, **changes: Any) -> Document:
        """Change settings and return all of them."""
        return self._map("POST", "settings", changes)

    def requests(self) -> Document:
        """Counted requests: `total` by `service.Operation`, and `by_place`."""
        return self._map("GET", "requests")

    def reset_requests(self) -> None:
        """Count from zero."""
        self._ask("DELETE", "requests")

    def reset(self, world: str = "minimal", speed: float = 0) -> Document:
        """Start again with a fresh world."""
        return self._map("POST", "reset", {"world": world, "speed": speed})

    def expire(self) -> int:
        """End every AssumeRole session now and return how many there were."""
        return int(self._ask("POST", "expire")["expired"])

    def jobs(self) -> list[Document]:
        """Every job of every account and Region, oldest first."""
        return self._list("GET", "jobs")

    def launches(self) -> Document:
        """How often each source server was started and launched, and the same per job."""
        return self._map("GET", "launches")

    def _map(self, method: str, path: str, body: Document | None = None) -> Document:
        return cast(Document, self._ask(method, path, body))

    def _list(self, method: str, path: str, body: Document | None = None) -> list[Document]:
        return cast(list[Document], self._ask(method, path, body))

    def _ask(self, method: str, path: str, body: Document | None = None) -> Any:
        connection = http.client.HTTPConnection(self._address, timeout=self._timeout_seconds)
        try:
            payload = json.dumps(body) if body is not None else None
            connection.request(method, f"/_sim/{path}", payload, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            answer = json.loads(reply.read())
        finally:
            connection.close()
        if reply.status != HTTPStatus.OK:
            raise ControlError(answer["error"])
        return answer
