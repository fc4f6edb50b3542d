"""Taking up where the journal ends: everything that changed something is done again, in its order and at its time."""

import io
import logging
import zlib
from typing import Any

from drsorch.simulator import dice
from drsorch.simulator.control_app import ControlApp
from drsorch.simulator.credentials import Caller, find_role
from drsorch.simulator.errors import BadControlRequest, Refused
from drsorch.simulator.journal import Entry, JournalBroken
from drsorch.simulator.serving import FIRST_ERROR, Service
from drsorch.simulator.signed_request import read_request
from drsorch.simulator.simulation import Simulation

log = logging.getLogger(__name__)
# Their answers depend on nothing but the journal. Those of moto's other services may depend on the wall, too.
CERTAIN = {"drs", "ec2", "iam", "sts"}


def repeat_past(simulation: Simulation, service: Service, control: ControlApp) -> None:
    """Do again what the journal tells of, and let time go on. Raises JournalBroken when it comes out otherwise."""
    if not simulation.past:
        return
    past, simulation.past = simulation.past, []
    for number, entry in enumerate(past, start=1):
        moment, wall = entry["v"], entry["w"]
        if entry["do"] == "hits":
            simulation.faults.count({int(question): numbers for question, numbers in entry["hits"].items()})
        elif entry["do"] == "control":
            moment = _repeat_control(simulation, control, entry)
        elif entry["do"] == "call":
            _repeat_call(simulation, service, entry, number)
    simulation.let_time_go_on(moment, wall)


def _repeat_control(simulation: Simulation, control: ControlApp, entry: Entry) -> float:
    with simulation.clock.hold(entry["v"]), dice.seeded(entry["seed"]):
        try:
            control.change(entry["method"], entry["name"], entry["body"])
        except BadControlRequest as refused:
            log.info("The control request %s was refused again: %s", entry["name"], refused.message)
        return simulation.clock.now()


def _repeat_call(simulation: Simulation, service: Service, entry: Entry, number: int) -> None:
    environ = _environ(entry)
    request = read_request(environ)
    account, arn, role_arn = entry["caller"]
    caller = Caller(account, arn, find_role(role_arn) if role_arn else None)
    try:
        reply = service.repeat(environ, request, caller, entry)
        status, body = reply.status, reply.body
    except Refused as refused:
        status, body = refused.status or FIRST_ERROR, refused.message.encode()
    is_same = status == entry["status"] and entry.get("crc") in (None, zlib.crc32(body))
    if "session" in entry:
        is_same = is_same and simulation.sessions.restore(*entry["session"])
    if not is_same:
        message = f"Line {number} of the journal {simulation.journal.path}, {request.service}:{request.operation}, "
        message += f"does not come out as before ({status} after {entry['status']}). Remove the file to begin anew."
        if request.service in CERTAIN:
            raise JournalBroken(message)
        log.warning(message)


def _environ(entry: Entry) -> dict[str, Any]:
    body = entry["body"].encode("latin-1")
    return {
        **entry["environ"],
        "CONTENT_LENGTH": str(len(body)),
        "SCRIPT_NAME": "",
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
