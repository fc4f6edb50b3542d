"""The WSGI application: control path, DRS, and moto for everything else, behind one check of credentials."""

import logging
import os
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from typing import Any

from drsorch.simulator.control_app import ControlApp
from drsorch.simulator.credentials import find_account, identify, refuse_unless_permitted
from drsorch.simulator.errors import Refusal, Refused
from drsorch.simulator.faults.refusals import ConnectionCut
from drsorch.simulator.repeat import repeat_past
from drsorch.simulator.serving import Service, is_published
from drsorch.simulator.signed_request import SignedRequest, read_request
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.wire import Reply, refusal_reply

log = logging.getLogger(__name__)
StartResponse = Callable[..., Any]
UNKNOWN_ACCOUNT = "unknown"
AT_ONCE = struct.pack("ii", 1, 0)


class SimulatorApp:
    """Answers as AWS would. Takes up first what the journal tells of. Raises JournalBroken."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self._control = ControlApp(simulation)
        self._service = Service(simulation)
        repeat_past(simulation, self._service, self._control)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            reply = self._answer_unsigned(environ) or self._answer(environ)
        except ConnectionCut as cut:
            _cut(environ["werkzeug.socket"], is_reset=cut.is_reset)
            raise ConnectionResetError("cut by a fault rule") from None
        is_dated = any(name.lower() == "date" for name, _ in reply.headers)
        date = [] if is_dated else [("Date", formatdate(usegmt=True))]
        start_response(reply.status_line, [*reply.headers, *date, ("Content-Length", str(len(reply.body)))])
        return [reply.body] if reply.cut_at is None else _cut_body(reply, environ["werkzeug.socket"])

    def _answer_unsigned(self, environ: dict[str, Any]) -> Reply | None:
        if environ["PATH_INFO"].startswith("/_sim/"):
            return self._control.answer(environ)
        return self._service.publish(environ) if is_published(environ) else None

    def _answer(self, environ: dict[str, Any]) -> Reply:
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
        return self._service.answer(environ, request, caller)


def _cut(connection: socket.socket, *, is_reset: bool = False) -> None:
    """End a connection; a reset one is gone without a good-bye, as when nobody listens."""
    if is_reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        os.close(connection.detach())
    else:
        connection.shutdown(socket.SHUT_RDWR)


def _cut_body(reply: Reply, connection: socket.socket) -> Iterator[bytes]:
    yield reply.body[: reply.cut_at]
    _cut(connection)
    raise ConnectionResetError("cut by a fault rule")
