"""The DRS endpoint: parse, check against the model, run the operation, check what it answers."""

import json
import logging
import uuid
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qs

from botocore.model import OperationModel

from drsorch.simulator.checks import check_input, check_output
from drsorch.simulator.credentials import Caller
from drsorch.simulator.errors import AwsError, invalid
from drsorch.simulator.faults import Place
from drsorch.simulator.faults.answers import distort
from drsorch.simulator.faults.new_jobs import refuse_request, shape_job
from drsorch.simulator.model import declares_error, find_route
from drsorch.simulator.operations import OPERATIONS
from drsorch.simulator.operations.call import Call, Operation
from drsorch.simulator.signed_request import SignedRequest
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.wire import Reply, drs_error_reply, json_reply

log = logging.getLogger(__name__)
UNINITIALIZED = "UninitializedAccountException"


def answer_drs(simulation: Simulation, request: SignedRequest, caller: Caller) -> Reply:
    """Answer a request to DRS whose signature and permissions are in order, dated by the virtual clock."""
    try:
        reply = _answer(simulation, request, caller)
    except AwsError as error:
        reply = drs_error_reply(error)
    reply.headers.append(("Date", formatdate(simulation.clock.now(), usegmt=True)))
    return reply


def _answer(simulation: Simulation, request: SignedRequest, caller: Caller) -> Reply:
    found = find_route(request.method, request.path)
    if found is None:
        raise AwsError("UnknownOperationException", f"DRS has no operation at {request.operation}", status=404)
    route, path_members = found
    operation = OPERATIONS.get(route.operation.name)
    if operation is None:
        message = f"The simulator does not imitate drs:{route.operation.name}."
        raise AwsError("NotImplementedException", message, status=501)
    params = {**_read_body(request), **_read_query(route.operation, request.query), **path_members}
    _refuse_bad_input(route.operation, params)
    backend = simulation.region_backend(caller.account, request.region)
    place = Place("drs", route.operation.name, caller.account, request.region)
    with backend.lock:
        now = simulation.catch_up(backend)
        if not backend.is_initialized and declares_error(route.operation, UNINITIALIZED):
            raise AwsError(UNINITIALIZED, f"Account {caller.account} is not initialized in {request.region}")
        call = Call(place, params, caller, backend, simulation.settings, simulation.faults, now)
        answer = _operate(call, operation)
        simulation.set_pace(backend)
        return _write(route.operation, answer, call)


def _operate(call: Call, operation: Operation) -> dict[str, Any]:
    """Run the operation with everything that fault rules have in store for it."""
    if refuse_request(call.faults, call, operation):
        call.faults.note_change()
    jobs = call.backend.jobs
    known = len(jobs)
    answer = operation(call)
    if len(jobs) > known:
        shape_job(call.faults, call, next(reversed(jobs.values())))
    return answer


def _read_body(request: SignedRequest) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        members = json.loads(request.body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise invalid("The body is not JSON in UTF-8.", reason="cannotParse") from None
    if not isinstance(members, dict):
        raise invalid("The body must be a JSON object.", reason="cannotParse")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _read_query(operation: OperationModel, query: str) -> dict[str, Any]:
    members = operation.input_shape.members if operation.input_shape else {}
    places = {shape.serialization.get("name", name): name for name, shape in members.items()}
    given = parse_qs(query, keep_blank_values=True)
    read: dict[str, Any] = {}
    for place, values in given.items():
        name = places.get(place, place)
        shape = members.get(name)
        read[name] = values if shape is not None and shape.type_name == "list" else values[-1]
        if shape is not None and shape.type_name == "integer" and values[-1].isdigit():
            read[name] = int(values[-1])
    return read


def _refuse_bad_input(operation: OperationModel, params: dict[str, Any]) -> None:
    problems = check_input(operation.input_shape, params)
    if problems:
        message = "; ".join(f"{path} {text}" for path, text in problems[:10])
        raise invalid(message, *[(path, text) for path, text in problems[:100]])


def _write(operation: OperationModel, answer: dict[str, Any], call: Call) -> Reply:
    """Check the answer, and only then let fault rules make it what AWS does not describe."""
    status = operation.http.get("responseCode", 200)
    problems = check_output(operation.output_shape, answer)
    if problems:
        message = f"simulator bug: the answer of {operation.name} breaks its model: {problems[:5]}"
        log.error(message)
        raise AwsError("InternalServerException", message)
    named = [("x-amzn-RequestId", str(uuid.uuid4()))]
    if status == HTTPStatus.NO_CONTENT:
        return Reply(status, headers=named)
    return json_reply(status, distort(call.faults, call.place, answer, call.backend, call.now), named)
