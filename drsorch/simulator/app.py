"""The WSGI application: control path, DRS, and moto for everything else, behind one check of credentials."""

import io
import logging
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from drsorch.simulator.control_app import ControlApp
from drsorch.simulator.credentials import Caller, find_account, identify, refuse_unless_permitted
from drsorch.simulator.drs_service import answer_drs
from drsorch.simulator.errors import Refusal, Refused
from drsorch.simulator.faults import FaultRule, Place
from drsorch.simulator.signed_request import SignedRequest, read_request
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.trust import ASSUME, refuse_unless_trusted
from drsorch.simulator.wire import Reply, refusal_reply

log = logging.getLogger(__name__)
StartResponse = Callable[..., Any]
UNKNOWN_ACCOUNT = "unknown"
MOTO_OWN_PATH = "/moto-api"


class ConnectionCut(Exception):
    """The caller's connection is to end without an answer."""


class SimulatorApp:
    """Answers as AWS would."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self._control = ControlApp(simulation)
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            reply = self._answer(environ)
        except ConnectionCut:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionResetError("cut by a fault rule") from None
        start_response(reply.status_line, [*reply.headers, ("Content-Length", str(len(reply.body)))])
        return [reply.body]

    def _answer(self, environ: dict[str, Any]) -> Reply:
        if environ["PATH_INFO"].startswith("/_sim/"):
            return self._control.answer(environ)
        try:
            request = read_request(environ)
        except Refused as refused:
            return refusal_reply(refused, "rest-json")
        try:
            return self._answer_request(environ, request)
        except Refused as refused:
            return refusal_reply(refused, request.family)
        except NotImplementedError as error:
            message = f"The simulator does not imitate {request.service}:{request.operation}. {error}".strip()
            return refusal_reply(Refused(Refusal.NOT_IMITATED, message), request.family)
        except ConnectionCut:
            raise
        except Exception as error:
            log.exception("The simulator failed at %s:%s", request.service, request.operation)
            message = f"simulator bug at {request.service}:{request.operation}: {error!r}"
            return refusal_reply(Refused(Refusal.FAILED, message), request.family)

    def _answer_request(self, environ: dict[str, Any], request: SignedRequest) -> Reply:
        simulation = self.simulation
        account = find_account(request.access_key_id)
        simulation.counters.count(account or UNKNOWN_ACCOUNT, request.region, f"{request.service}.{request.operation}")
        caller = identify(request, simulation.sessions, simulation.settings.signature_window_seconds)
        refuse_unless_permitted(request, caller)
        place = Place(request.service, request.operation, caller.account, request.region)
        rule = simulation.faults.take_for_call(place)
        if rule is None:
            return self._serve(environ, request, caller)
        return self._serve_badly(rule, environ, request, caller)

    def _serve(self, environ: dict[str, Any], request: SignedRequest, caller: Caller) -> Reply:
        if request.service == "drs":
            return answer_drs(self.simulation, request, caller)
        if f"{request.service}:{request.operation}" == ASSUME:
            refuse_unless_trusted(request, caller)
        return self._serve_from_moto(environ, request, caller)

    def _serve_badly(self, rule: FaultRule, environ: dict[str, Any], request: SignedRequest, caller: Caller) -> Reply:
        refuse_before_effect(rule)
        reply = self._serve(environ, request, caller)
        if rule.kind == "slow_after":
            time.sleep(rule.seconds)
        elif rule.kind == "cut_after":
            raise ConnectionCut
        elif rule.kind == "error_after":
            raise Refused(Refusal.FAILED, "An internal error occurred after the effect.", status=rule.status)
        return reply

    def _serve_from_moto(self, environ: dict[str, Any], request: SignedRequest, caller: Caller) -> Reply:
        """moto's backends know no locks, so EC2 is read under the lock under which recoveries change it.

        moto would believe a Region in the User-Agent before the one that was signed, so it gets none.
        """
        if request.path.startswith(MOTO_OWN_PATH):
            raise Refused(Refusal.NOT_IMITATED, "moto's own control path is closed; use /_sim/ instead.")
        body = {"wsgi.input": io.BytesIO(request.body), "CONTENT_LENGTH": str(len(request.body))}
        environ = {**environ, **body, "HTTP_USER_AGENT": ""}
        if request.service != "ec2":
            return _run(self._moto, environ)
        backend = self.simulation.region_backend(caller.account, request.region)
        with backend.lock:
            self.simulation.catch_up(backend)
            return _run(self._moto, environ)


def refuse_before_effect(rule: FaultRule) -> None:
    """Do what a rule does before the call has an effect: wait, raise Refused, or raise ConnectionCut."""
    match rule.kind:
        case "slow":
            time.sleep(rule.seconds)
        case "cut_before":
            raise ConnectionCut
        case "throttle":
            raise Refused(Refusal.THROTTLED, "Rate exceeded")
        case "error_before":
            raise Refused(Refusal.FAILED, "An internal error occurred.", status=rule.status)
        case "conflict":
            raise Refused(Refusal.CONFLICT, "The resource is being changed by another request.")
        case "denied":
            raise Refused(Refusal.DENIED, "You are not authorized to perform this operation.")


def _run(app: Callable[..., Any], environ: dict[str, Any]) -> Reply:
    """Run a WSGI application to its end and keep what it answers."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[..., None]:
        started.append((status, headers))
        return lambda _data: None

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started[-1]
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return Reply(int(status.split()[0]), body, kept)
