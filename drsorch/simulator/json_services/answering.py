"""Which requests are ours, and how they are answered."""

import json
import logging
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel

from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.checks import check_input, check_output
from drsorch.simulator.credentials import Caller
from drsorch.simulator.errors import AwsError
from drsorch.simulator.json_services import automation, service_quotas
from drsorch.simulator.json_services.asked import Asked
from drsorch.simulator.signed_request import SignedRequest
from drsorch.simulator.simulation import Simulation
from drsorch.simulator.wire import Reply, json_reply

log = logging.getLogger(__name__)
MODELS = {"ssm": "ssm", "servicequotas": "service-quotas"}
OPERATIONS: dict[tuple[str, str], Callable[[Asked], dict[str, Any]]] = {
    ("servicequotas", "ListServiceQuotas"): service_quotas.list_service_quotas,
    ("servicequotas", "ListAWSDefaultServiceQuotas"): service_quotas.list_default_quotas,
    ("servicequotas", "GetServiceQuota"): service_quotas.get_service_quota,
    ("servicequotas", "GetAWSDefaultServiceQuota"): service_quotas.get_default_quota,
    ("ssm", "StartAutomationExecution"): automation.start_automation_execution,
    ("ssm", "GetAutomationExecution"): automation.get_automation_execution,
    ("ssm", "DescribeAutomationExecutions"): automation.describe_automation_executions,
    ("ssm", "StopAutomationExecution"): automation.stop_automation_execution,
}


def is_ours(request: SignedRequest) -> bool:
    """Whether this is answered here. Of Service Quotas only those of DRS are; moto has some of other services."""
    if (request.service, request.operation) not in OPERATIONS:
        return False
    return request.service != "servicequotas" or b'"drs"' in request.body


def answer_json(simulation: Simulation, request: SignedRequest, caller: Caller, backend: DrsBackend) -> Reply:
    """Answer a request that is ours; the backend is locked and caught up."""
    operation = _model(request.service).operation_model(request.operation)
    try:
        params = _read_body(request)
        problems = check_input(operation.input_shape, params)
        if problems:
            listed = "; ".join(f"{path} {text}" for path, text in problems[:10])
            raise AwsError("ValidationException", f"{len(problems)} validation errors detected: {listed}")
        asked = Asked(params, caller, backend, simulation.settings, simulation.clock.now())
        answer = OPERATIONS[request.service, request.operation](asked)
    except AwsError as error:
        return _reply(error.status or 400, {"__type": error.code, "message": error.message})
    simulation.set_pace(backend)
    problems = check_output(operation.output_shape, answer)
    if problems:
        message = f"simulator bug: the answer of {operation.name} breaks its model: {problems[:5]}"
        log.error(message)
        return _reply(500, {"__type": "InternalServerError", "message": message})
    return _reply(200, answer)


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(MODELS[service])


def _read_body(request: SignedRequest) -> dict[str, Any]:
    try:
        members = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        raise AwsError("SerializationException", "The body must be a JSON object in UTF-8.")
    return members


def _reply(status: int, document: dict[str, Any]) -> Reply:
    reply = json_reply(status, document, [("x-amzn-RequestId", str(uuid.uuid4()))])
    reply.headers[0] = ("Content-Type", "application/x-amz-json-1.1")
    return reply
