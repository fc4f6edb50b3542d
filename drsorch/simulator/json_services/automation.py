"""SSM's automation executions, which moto does not have; documents are moto's, or some of AWS's own."""

from math import inf
from typing import Any

from moto.ssm.models import Document, ssm_backends

from drsorch.simulator import dice
from drsorch.simulator.automation import AWS_DOCUMENTS, AutomationExecution, AutomationStep, step_seconds
from drsorch.simulator.clock import read_timestamp
from drsorch.simulator.errors import AwsError
from drsorch.simulator.json_services.asked import Asked

PAGE_SIZE = 50
AUTOMATION = "Automation"
RUNNING = {"InProgress", "Waiting"}


def start_automation_execution(asked: Asked) -> dict[str, Any]:
    """Run a document. The same client token finds the run that it started before."""
    params, backend = asked.params, asked.backend
    name, version = params["DocumentName"].rpartition("/")[2], params.get("DocumentVersion", "$DEFAULT")
    parameters = params.get("Parameters", {})
    token = params.get("ClientToken")
    for earlier in backend.automations.values():
        if token is not None and earlier.client_token == token:
            if (earlier.document, earlier.parameters) != (name, parameters):
                raise AwsError("IdempotentParameterMismatch", "The client token was used for another automation.")
            return {"AutomationExecutionId": earlier.id}
    number, steps = _steps(asked, name, version, parameters)
    execution = AutomationExecution(
        id=dice.new_uuid(),
        document=name,
        version=number,
        parameters=parameters,
        started_at=asked.now,
        executed_by=asked.caller.arn,
        mode=params.get("Mode", "Auto"),
        client_token=token,
        steps=steps,
        tags={tag["Key"]: tag["Value"] for tag in params.get("Tags", [])},
    )
    backend.automations[execution.id] = execution
    backend.stay_busy_until(execution.moves_until)
    return {"AutomationExecutionId": execution.id}


def get_automation_execution(asked: Asked) -> dict[str, Any]:
    """One run with its steps."""
    execution = _find(asked)
    steps = [_step(execution, index, asked.now) for index, _ in enumerate(execution.steps)]
    done = [step["StepStatus"] for step in steps]
    document = {
        **_metadata(execution, asked.now),
        "StepExecutions": steps,
        "StepExecutionsTruncated": False,
        "ProgressCounters": {
            "TotalSteps": len(steps),
            "SuccessSteps": done.count("Success"),
            "FailedSteps": 0,
            "CancelledSteps": done.count("Cancelled"),
            "TimedOutSteps": 0,
        },
    }
    if execution.parameters:
        document["Parameters"] = execution.parameters
    return {"AutomationExecution": document}


def describe_automation_executions(asked: Asked) -> dict[str, Any]:
    """The runs that pass every filter, newest first."""
    found = [
        _metadata(execution, asked.now) | {"AutomationType": "Local"}
        for execution in reversed(asked.backend.automations.values())
        if all(_passes(execution, wanted, asked.now) for wanted in asked.params.get("Filters", []))
    ]
    return asked.page(found, "AutomationExecutionMetadataList", PAGE_SIZE, "InvalidNextToken")


def stop_automation_execution(asked: Asked) -> dict[str, Any]:
    """Cancel a run, or complete it at once. One that has ended cannot be stopped."""
    execution = _find(asked)
    if execution.status(asked.now) not in RUNNING:
        raise AwsError("InvalidAutomationStatusUpdateException", f"Automation {execution.id} has ended.")
    execution.stopped_at = asked.now
    execution.is_cancelled = asked.params.get("Type", "Cancel") == "Cancel"
    return {}


def _find(asked: Asked) -> AutomationExecution:
    execution = asked.backend.automations.get(asked.params["AutomationExecutionId"])
    if execution is None:
        raise AwsError("AutomationExecutionNotFoundException", "There is no automation execution with that id.")
    return execution


def _steps(asked: Asked, name: str, version: str, parameters: dict[str, list[str]]) -> tuple[str, list[AutomationStep]]:
    """The version's number with its steps. Raises AwsError when there is no such automation, or for its parameters."""
    if name in AWS_DOCUMENTS:
        return "1", [
            AutomationStep(dice.new_uuid(), step, kind, step_seconds(kind, {})) for step, kind in AWS_DOCUMENTS[name]
        ]
    document = _document(asked, name, version)
    content = document.content_json
    declared = content.get("parameters", {})
    unknown = sorted(set(parameters) - set(declared))
    missing = sorted(key for key, about in declared.items() if "default" not in about and key not in parameters)
    if unknown or missing:
        message = f"Parameters of {name}: unknown are {unknown}, missing are {missing}."
        raise AwsError("InvalidAutomationExecutionParametersException", message)
    steps = [
        AutomationStep(
            dice.new_uuid(), step["name"], step["action"], step_seconds(step["action"], step.get("inputs", {}))
        )
        for step in content.get("mainSteps", [])
    ]
    return document.document_version, steps


def _document(asked: Asked, name: str, version: str) -> Document:
    documents = ssm_backends[asked.backend.account_id][asked.backend.region_name]._documents.get(name)
    if documents is None or documents.get_default_version().document_type != AUTOMATION:
        raise AwsError("AutomationDefinitionNotFoundException", f"There is no automation document {name}.")
    if version == "$LATEST":
        found = documents.get_latest_version()
    elif version == "$DEFAULT":
        found = documents.get_default_version()
    else:
        found = documents.versions.get(version)
    if found is None:
        message = f"The automation document {name} has no version {version}."
        raise AwsError("AutomationDefinitionVersionNotFoundException", message)
    return found


def _metadata(execution: AutomationExecution, now: float) -> dict[str, Any]:
    document = {
        "AutomationExecutionId": execution.id,
        "DocumentName": execution.document,
        "DocumentVersion": execution.version,
        "AutomationExecutionStatus": execution.status(now),
        "ExecutionStartTime": execution.started_at,
        "ExecutedBy": execution.executed_by,
        "Mode": execution.mode,
        "Targets": [],
        "ResolvedTargets": {"ParameterValues": [], "Truncated": False},
    }
    if execution.status(now) in RUNNING:
        step = execution.steps[execution.current(now)]
        return document | {"CurrentStepName": step.name, "CurrentAction": step.action}
    return document | {"ExecutionEndTime": execution.ends_at if execution.stopped_at is None else execution.stopped_at}


def _step(execution: AutomationExecution, index: int, now: float) -> dict[str, Any]:
    step, status = execution.steps[index], execution.step_status(index, now)
    document = {
        "StepExecutionId": step.id,
        "StepName": step.name,
        "Action": step.action,
        "StepStatus": status,
        "Inputs": {},
        "IsEnd": index == len(execution.steps) - 1,
    }
    if status != "Pending":
        document["ExecutionStartTime"] = execution.begins_at(index)
    if status in ("Success", "Cancelled"):
        ends_at = execution.begins_at(index) + step.seconds
        document["ExecutionEndTime"] = min(ends_at, inf if execution.stopped_at is None else execution.stopped_at)
    return document


def _passes(execution: AutomationExecution, wanted: dict[str, Any], now: float) -> bool:
    key, values = wanted["Key"], wanted["Values"]
    match key:
        case "ExecutionId":
            return execution.id in values
        case "ExecutionStatus":
            return execution.status(now) in values
        case "DocumentNamePrefix":
            return execution.document.startswith(tuple(values))
        case "StartTimeBefore" | "StartTimeAfter":
            moment = _moment(values[0])
            return execution.started_at < moment if key == "StartTimeBefore" else execution.started_at > moment
    raise AwsError("InvalidFilterKey", f"The simulator does not filter automations by {key}.")


def _moment(text: str) -> float:
    try:
        return read_timestamp(text)
    except ValueError:
        raise AwsError("InvalidFilterValue", f"{text} is not a moment.") from None
