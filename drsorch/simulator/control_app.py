"""The control path /_sim/: what a test or a demo may ask of the simulated AWS. Answers JSON, on loopback only."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from drsorch.simulator.backend import drs_backends
from drsorch.simulator.clock import write_timestamp
from drsorch.simulator.errors import BadControlRequest
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.wire import Reply, json_reply
from drsorch.simulator.worlds.description import AccountDescription

LOOPBACK = {"127.0.0.1", "::1"}
OUR_NAMES = {"127.0.0.1", "localhost", "[::1]"}
LARGEST_BODY = 1 << 20
FASTEST = 100_000
Answer = Callable[[dict[str, Any]], Any]


class ControlApp:
    """Finds the handler of a control request, and refuses everybody who is not on this machine."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._handlers: dict[tuple[str, str], Answer] = {
            ("GET", "health"): self._health,
            ("GET", "world"): self._world,
            ("POST", "clock"): self._clock,
            ("POST", "fault"): self._add_fault,
            ("GET", "faults"): self._faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "servers/fail"): self._fail_server,
            ("POST", "settings"): self._settings,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._reset_requests,
            ("POST", "reset"): self._reset,
            ("POST", "expire"): self._expire,
            ("GET", "jobs"): self._jobs,
            ("GET", "launches"): self._launches,
        }

    def answer(self, environ: dict[str, Any]) -> Reply:
        """Answer one control request; what is wrong with it comes back as one sentence under `error`."""
        try:
            refuse_strangers(environ)
            handler = self._find(environ)
            return json_reply(200, handler(_read_body(environ)))
        except BadControlRequest as problem:
            return json_reply(problem.status, {"error": problem.message})

    def _find(self, environ: dict[str, Any]) -> Answer:
        method, name = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/_sim/")
        handler = self._handlers.get((method, name))
        if handler is not None:
            return handler
        methods = sorted(known for known, other in self._handlers if other == name)
        if methods:
            raise BadControlRequest(f"/_sim/{name} takes {' or '.join(methods)}, not {method}.", 405)
        raise BadControlRequest(f"There is no control path /_sim/{name}.", 404)

    def _health(self, _body: dict[str, Any]) -> dict[str, Any]:
        clock = self._simulation.clock
        now = clock.now()
        return {
            "status": "ok",
            "world": self._simulation.world.name,
            "speed": clock.speed,
            "now": now,
            "time": write_timestamp(now),
        }

    def _world(self, _body: dict[str, Any]) -> dict[str, Any]:
        world = self._simulation.world
        return {"name": world.name, "accounts": [_account(account) for account in world.accounts]}

    def _clock(self, body: dict[str, Any]) -> dict[str, Any]:
        _refuse_unknown(body, {"speed", "advance"})
        speed, seconds = _number(body, "speed", FASTEST), _number(body, "advance", float("inf"))
        if speed is not None:
            self._simulation.clock.set_speed(speed)
        if seconds is not None:
            self._simulation.clock.advance(seconds)
        return self._health(body)

    def _add_fault(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        self._simulation.faults.add(body)
        return self._simulation.faults.report()

    def _faults(self, _body: dict[str, Any]) -> list[dict[str, Any]]:
        return self._simulation.faults.report()

    def _clear_faults(self, _body: dict[str, Any]) -> list[dict[str, Any]]:
        self._simulation.faults.clear()
        return []

    def _fail_server(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        _refuse_unknown(body, {"account", "region", "source_server_id", "at", "times"})
        account, region = str(body.get("account")), str(body.get("region"))
        server_id = str(body.get("source_server_id"))
        known = account in drs_backends and region in drs_backends[account]
        if not known or server_id not in drs_backends[account][region].servers:
            raise BadControlRequest(f"There is no source server {server_id} in {account} {region}.", 404)
        rule = {"kind": "launch_failure", "account": account, "region": region, "source_server_ids": [server_id]}
        return self._add_fault({**rule, "at": body.get("at", "LAUNCH"), "times": body.get("times", 1)})

    def _settings(self, body: dict[str, Any]) -> dict[str, Any]:
        self._simulation.settings.update(body)
        return asdict(self._simulation.settings)

    def _requests(self, _body: dict[str, Any]) -> dict[str, Any]:
        return {**self._simulation.counters.report()}

    def _reset_requests(self, _body: dict[str, Any]) -> dict[str, Any]:
        self._simulation.counters.reset()
        return self._requests({})

    def _reset(self, body: dict[str, Any]) -> dict[str, Any]:
        _refuse_unknown(body, {"world", "speed"})
        speed = _number(body, "speed", FASTEST)
        present = self._simulation
        present.reset(str(body.get("world", present.world.name)), present.clock.speed if speed is None else speed)
        return self._health({})

    def _expire(self, _body: dict[str, Any]) -> dict[str, int]:
        return {"expired": self._simulation.sessions.expire_all()}

    def _jobs(self, _body: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for backend in self._simulation.all_backends():
            with backend.lock:
                self._simulation.catch_up(backend)
                found += [
                    {
                        "account": backend.account_id,
                        "region": backend.region_name,
                        "jobID": job.id,
                        "type": job.type,
                        "initiatedBy": job.initiated_by,
                        "status": job.status,
                        "createdAt": job.created_at,
                        "endedAt": job.ended_at,
                        "tags": dict(job.tags),
                        "servers": dict(job.participants),
                    }
                    for job in backend.jobs.values()
                ]
        return sorted(found, key=lambda job: job["createdAt"])

    def _launches(self, _body: dict[str, Any]) -> dict[str, Any]:
        servers: dict[str, dict[str, Any]] = {}
        jobs: dict[str, dict[str, int]] = {}
        for backend in self._simulation.all_backends():
            with backend.lock:
                self._simulation.catch_up(backend)
                launches = [job for job in backend.jobs.values() if job.type == "LAUNCH"]
                started = Counter(server for job in launches for server in job.participants)
                launched = Counter(server for job in launches for server in job.launched)
                place = {"account": backend.account_id, "region": backend.region_name}
                for server, number in started.items():
                    own = [job.id for job in launches if server in job.participants]
                    servers[server] = {**place, "started": number, "launched": launched[server], "jobs": own}
                for job in launches:
                    jobs[job.id] = {"started": len(job.participants), "launched": len(job.launched)}
        return {"servers": servers, "jobs": jobs}


def refuse_strangers(environ: dict[str, Any]) -> None:
    """Raise BadControlRequest for other machines and for web pages.

    A foreign Host header is how a page reaches a loopback service through the name of its own site.
    """
    if environ.get("REMOTE_ADDR") not in LOOPBACK:
        raise BadControlRequest("The control path answers this machine only.", 403)
    host, _, port = environ.get("HTTP_HOST", "").rpartition(":")
    if host not in OUR_NAMES or port != environ.get("SERVER_PORT") or "HTTP_ORIGIN" in environ:
        raise BadControlRequest("The control path answers under its own loopback address only.", 403)


def _read_body(environ: dict[str, Any]) -> dict[str, Any]:
    declared = environ.get("CONTENT_LENGTH") or "0"
    if not declared.isascii() or not declared.isdigit() or int(declared) > LARGEST_BODY:
        raise BadControlRequest("The Content-Length is not a size that the control path accepts.")
    raw = environ["wsgi.input"].read(int(declared))
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        raise BadControlRequest("The body is not JSON in UTF-8.") from None
    if not isinstance(body, dict):
        raise BadControlRequest("The body must be a JSON object.")
    return body


def _refuse_unknown(body: dict[str, Any], known: set[str]) -> None:
    unknown = set(body) - known
    if unknown:
        allowed = ", ".join(sorted(known))
        raise BadControlRequest(f"There is no field {', '.join(sorted(unknown))} here; known are {allowed}.")


def _number(body: dict[str, Any], name: str, highest: float) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= highest:
        raise BadControlRequest(f"{name} must be a number from 0 to {highest:g}.")
    return float(value)


def _account(account: AccountDescription) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "role_arn": account.role_arn,
        "external_id": account.external_id,
        "access_key_id": account.access_key_id,
        "secret_access_key": account.secret_access_key,
        "regions": [region.name for region in account.regions],
        "initialized_regions": [region.name for region in account.regions if region.is_initialized],
        "servers": {region.name: _servers(account.id, region.name) for region in account.regions},
    }


def _servers(account: str, region: str) -> list[dict[str, Any]]:
    backend = drs_backends[account][region]
    with backend.lock:
        return [
            {
                "id": server.id,
                "hostname": server.description.hostname,
                "tags": dict(server.tags),
                "replication": server.description.replication,
            }
            for server in backend.servers.values()
        ]
