"""Client of the control path: the same for a simulator in a thread and for one in another process."""

import http.client
import json
from http import HTTPStatus
from typing import Any, Literal, TypedDict, Unpack, cast
from urllib.parse import urlsplit

from drsorch.simulator.faults.kinds import Kind, RuleFields

Document = dict[str, Any]


Happening = Literal["replication", "server_deleted", "tags_changed", "instance_stopped", "instance_terminated"]


class RegionState(TypedDict, total=False):
    """What can be said of a Region of an account."""

    initialized: bool
    enabled: bool


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

    def fault(self, kind: Kind, **rule: Unpack[RuleFields]) -> list[Document]:
        """Put a fault rule in force and return all of them."""
        return self._list("POST", "fault", {"kind": kind, **rule})

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

    def happen(self, kind: Happening, account: str, region: str, /, **what: Unpack[RuleFields]) -> Document:
        """Let something happen to servers or instances at once; returns the ids of those that are there then."""
        return self._map("POST", "happen", {"kind": kind, "account": account, "region": region, **what})

    def start_job(self, account: str, region: str, source_server_ids: list[str], *, is_drill: bool = False) -> str:
        """Start a job as another operator and return its id."""
        place = {"account": account, "region": region}
        return str(
            self._ask("POST", "jobs", {**place, "source_server_ids": source_server_ids, "is_drill": is_drill})["jobID"]
        )

    def deny(self, account: str, *actions: str) -> None:
        """Take these actions from the role of an account; without any, give all back."""
        self._ask("POST", "access", {"account": account, "deny": list(actions)})

    def trust(self, account: str, external_id: str | None) -> None:
        """Let the role of an account be assumed with this external id only, or by nobody."""
        self._ask("POST", "access", {"account": account, "external_id": external_id})

    def region(self, account: str, region: str, **state: Unpack[RegionState]) -> Document:
        """Say whether DRS is initialised in a Region of an account, and whether the account has it enabled."""
        return self._map("POST", "regions", {"account": account, "region": region, **state})

    def quotas(self, account: str, region: str, **values: float | None) -> Document:
        """Set quotas of one account and Region by their names in the settings, and return all of them."""
        return self._map("POST", "quotas", {"account": account, "region": region, "quotas": values})

    def create_native_plan(self, account: str, region: str, steps: list[Document], name: str = "Practice plan") -> str:
        """Make a recovery plan of AWS's own and return its ARN.

        A step is {"source_server_ids": [...], "impact": "CRITICAL" or "OPTIONAL"} or {"wait_minutes": ...}.
        """
        place = {"account": account, "region": region}
        return str(self._ask("POST", "native-plans", {**place, "name": name, "steps": steps})["recoveryPlanArn"])

    def start_native_execution(
        self, account: str, region: str, plan_arn: str, mode: str = "DRILL", status: str = "IN_PROGRESS"
    ) -> str:
        """Run such a plan, or with another status add a run that has ended; returns the ARN of the execution."""
        place = {"account": account, "region": region}
        body = {**place, "plan_arn": plan_arn, "mode": mode, "status": status}
        return str(self._ask("POST", "native-executions", body)["recoveryPlanExecutionArn"])

    def settings(self, **changes: Any) -> Document:
        """Change settings and return all of them."""
        return self._map("POST", "settings", changes)

    def requests(self) -> Document:
        """Counted requests: `total` by `service.Operation`, and `by_place`."""
        return self._map("GET", "requests")

    def reset_requests(self) -> None:
        """Count from zero."""
        self._ask("DELETE", "requests")

    def reset(self, world: str = "minimal", speed: float = 0, **sizes: int) -> Document:
        """Start again with a fresh world; the world `estate` takes `accounts`, `regions` and `servers`."""
        return self._map("POST", "reset", {"world": world, "speed": speed, "sizes": sizes or None})

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
