"""The control path /_sim/: what a test or a demo may ask of the simulated AWS. Answers JSON, on loopback only."""

import json
from typing import Any

from drsorch.simulator import dice
from drsorch.simulator.control_changes import CHANGES
from drsorch.simulator.control_plans import PLAN_CHANGES
from drsorch.simulator.control_reports import REPORTS
from drsorch.simulator.errors import BadControlRequest
from drsorch.simulator.journal_entries import control_entry
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.wire import Reply, json_reply

LOOPBACK = {"127.0.0.1", "::1"}
OUR_NAMES = {"127.0.0.1", "localhost", "[::1]"}
LARGEST_BODY = 1 << 20
ALL_CHANGES = {**CHANGES, **PLAN_CHANGES}
HANDLERS = {**REPORTS, **ALL_CHANGES}
BEGINS_ANEW = ("POST", "reset")
COUNTS_ANEW = ("DELETE", "requests")


class ControlApp:
    """Finds the handler of a control request, and refuses everybody who is not on this machine."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def answer(self, environ: dict[str, Any]) -> Reply:
        """Answer one control request; what is wrong with it comes back as one sentence under `error`."""
        try:
            refuse_strangers(environ)
            method, name = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/_sim/")
            _refuse_unknown_path(method, name)
            body = _read_body(environ)
            return json_reply(200, self._report_or_change(method, name, body))
        except BadControlRequest as problem:
            return json_reply(problem.status, {"error": problem.message})

    def _report_or_change(self, method: str, name: str, body: dict[str, Any]) -> Any:
        if (method, name) in REPORTS:
            return REPORTS[method, name](self._simulation, body)
        if (method, name) == BEGINS_ANEW:
            return self.change(method, name, body)
        seed = dice.new_seed()
        with self._simulation.standstill(), self._simulation.clock.hold() as now, dice.seeded(seed):
            if (method, name) != COUNTS_ANEW:
                self._simulation.journal.append(control_entry(method, name, body, now, seed))
            return self.change(method, name, body)

    def change(self, method: str, name: str, body: dict[str, Any]) -> Any:
        """Change what is asked, now or again from the journal. Raises BadControlRequest."""
        return ALL_CHANGES[method, name](self._simulation, body)


def _refuse_unknown_path(method: str, name: str) -> None:
    if (method, name) in HANDLERS:
        return
    methods = sorted(known for known, other in HANDLERS if other == name)
    if methods:
        raise BadControlRequest(f"/_sim/{name} takes {' or '.join(methods)}, not {method}.", 405)
    raise BadControlRequest(f"There is no control path /_sim/{name}.", 404)


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
