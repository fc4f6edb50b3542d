"""SSM automations: documents that run step by step in virtual time."""

import json
import uuid

import pytest

from tests.simulator.callers import HUB, code, code_and_status, hub_client

CONTENT = {
    "schemaVersion": "0.3",
    "parameters": {"Target": {"type": "String"}, "Wait": {"type": "String", "default": "no"}},
    "mainSteps": [
        {"name": "prepare", "action": "aws:runCommand", "inputs": {}},
        {"name": "rest", "action": "aws:sleep", "inputs": {"Duration": "PT2M"}},
        {"name": "check", "action": "aws:executeScript", "inputs": {}},
    ],
}


@pytest.fixture
def ssm(simulator):
    return hub_client("ssm")


@pytest.fixture
def document(ssm):
    ssm.create_document(Name="Switch-Over", DocumentType="Automation", Content=json.dumps(CONTENT))
    return "Switch-Over"


def run(ssm, document, **more):
    more = {"Parameters": {"Target": ["db"]}} | more
    return ssm.start_automation_execution(DocumentName=document, **more)["AutomationExecutionId"]


def execution(ssm, execution_id):
    return ssm.get_automation_execution(AutomationExecutionId=execution_id)["AutomationExecution"]


def test_an_automation_takes_its_steps_one_after_the_other(simulator, ssm, document):
    started = run(ssm, document)
    seen = []
    for _ in range(20):
        found = execution(ssm, started)
        seen.append((found["AutomationExecutionStatus"], *(step["StepStatus"] for step in found["StepExecutions"])))
        simulator.advance(10)

    assert list(dict.fromkeys(seen)) == [
        ("InProgress", "InProgress", "Pending", "Pending"),
        ("InProgress", "Success", "InProgress", "Pending"),
        ("InProgress", "Success", "Success", "InProgress"),
        ("Success", "Success", "Success", "Success"),
    ]
    found = execution(ssm, started)
    assert (found["ExecutionEndTime"] - found["ExecutionStartTime"]).total_seconds() == pytest.approx(160)
    assert found["ProgressCounters"] == {
        "TotalSteps": 3,
        "SuccessSteps": 3,
        "FailedSteps": 0,
        "CancelledSteps": 0,
        "TimedOutSteps": 0,
    }
    assert (found["DocumentVersion"], found["Parameters"]) == ("1", {"Target": ["db"]})
    assert found["ExecutedBy"].startswith(f"arn:aws:iam::{HUB}")


def test_a_running_automation_names_its_step(ssm, document):
    found = execution(ssm, run(ssm, document))

    assert (found["CurrentStepName"], found["CurrentAction"]) == ("prepare", "aws:runCommand")
    assert "ExecutionEndTime" not in found


def test_an_unknown_document_is_refused(ssm):
    refused = code_and_status(ssm.start_automation_execution, DocumentName="Nothing-Here")

    assert refused == ("AutomationDefinitionNotFoundException", 400)


def test_a_command_document_is_no_automation(ssm):
    content = {"schemaVersion": "2.2", "mainSteps": []}
    ssm.create_document(Name="Command", DocumentType="Command", Content=json.dumps(content))

    assert code(ssm.start_automation_execution, DocumentName="Command") == "AutomationDefinitionNotFoundException"


def test_a_version_must_exist(ssm, document):
    answer = code(run, ssm=ssm, document=document, DocumentVersion="9")

    assert answer == "AutomationDefinitionVersionNotFoundException"
    assert execution(ssm, run(ssm, document, DocumentVersion="$LATEST"))["DocumentVersion"] == "1"


@pytest.mark.parametrize(
    "parameters", [{"Wait": ["yes"]}, {"Target": ["db"], "Other": ["x"]}], ids=["missing", "unknown"]
)
def test_parameters_must_be_those_of_the_document(ssm, document, parameters):
    answer = code(ssm.start_automation_execution, DocumentName=document, Parameters=parameters)

    assert answer == "InvalidAutomationExecutionParametersException"


def test_some_documents_of_aws_are_there(simulator, ssm):
    started = run(ssm, "AWS-RestartEC2Instance", Parameters={"InstanceId": ["i-0123456789abcdef0"]})
    simulator.advance(40)

    assert execution(ssm, started)["AutomationExecutionStatus"] == "Success"


def test_the_same_client_token_finds_the_same_run(ssm, document):
    token = str(uuid.uuid4())
    first = run(ssm, document, ClientToken=token)

    assert run(ssm, document, ClientToken=token) == first
    answer = code(run, ssm=ssm, document=document, ClientToken=token, Parameters={"Target": ["web"]})
    assert answer == "IdempotentParameterMismatch"


STOPS = [("Cancel", "Cancelled"), ("Complete", "Success")]


@pytest.mark.parametrize(("how", "status"), STOPS, ids=[case[0] for case in STOPS])
def test_an_automation_can_be_stopped_once(simulator, ssm, document, how, status):
    started = run(ssm, document)
    simulator.advance(30)
    ssm.stop_automation_execution(AutomationExecutionId=started, Type=how)
    simulator.advance(500)
    found = execution(ssm, started)

    assert found["AutomationExecutionStatus"] == status
    assert [step["StepStatus"] for step in found["StepExecutions"]] == ["Success", "Cancelled", "Pending"]
    answer = code(ssm.stop_automation_execution, AutomationExecutionId=started)
    assert answer == "InvalidAutomationStatusUpdateException"


def test_an_automation_that_waits_for_approval_waits_until_it_is_stopped(simulator, ssm):
    content = CONTENT | {"parameters": {}, "mainSteps": [{"name": "ask", "action": "aws:approve", "inputs": {}}]}
    ssm.create_document(Name="Ask", DocumentType="Automation", Content=json.dumps(content))
    started = ssm.start_automation_execution(DocumentName="Ask")["AutomationExecutionId"]
    simulator.advance(86400)

    assert execution(ssm, started)["AutomationExecutionStatus"] == "Waiting"
    ssm.stop_automation_execution(AutomationExecutionId=started)
    assert execution(ssm, started)["AutomationExecutionStatus"] == "Cancelled"


def test_an_unknown_execution_is_not_found(ssm):
    for call in (ssm.get_automation_execution, ssm.stop_automation_execution):
        assert code(call, AutomationExecutionId=str(uuid.uuid4())) == "AutomationExecutionNotFoundException"


def test_executions_are_listed_newest_first_by_filter_and_page(simulator, ssm, document):
    made = []
    for _ in range(3):
        made.append(run(ssm, document))
        simulator.advance(100)
    aws = run(ssm, "AWS-StopEC2Instance", Parameters={"InstanceId": ["i-0123456789abcdef0"]})

    pages = ssm.get_paginator("describe_automation_executions").paginate(PaginationConfig={"PageSize": 3})
    listed = [[entry["AutomationExecutionId"] for entry in page["AutomationExecutionMetadataList"]] for page in pages]
    assert listed == [[aws, made[2], made[1]], [made[0]]]

    def found(key, *values):
        answer = ssm.describe_automation_executions(Filters=[{"Key": key, "Values": list(values)}])
        return [entry["AutomationExecutionId"] for entry in answer["AutomationExecutionMetadataList"]]

    assert found("DocumentNamePrefix", "Switch") == made[::-1]
    assert found("ExecutionStatus", "Success") == made[1::-1]
    assert found("ExecutionId", made[0]) == [made[0]]
    answer = code(ssm.describe_automation_executions, Filters=[{"Key": "TagKey", "Values": ["x"]}])
    assert answer == "InvalidFilterKey"


def test_automations_of_another_region_are_not_here(ssm, document):
    started = run(ssm, document)
    other = hub_client("ssm", "us-west-2")

    assert other.describe_automation_executions()["AutomationExecutionMetadataList"] == []
    answer = code(other.get_automation_execution, AutomationExecutionId=started)
    assert answer == "AutomationExecutionNotFoundException"


def test_a_request_that_breaks_the_model_is_refused(ssm):
    answer = code(ssm.start_automation_execution, DocumentName="Any", Mode="Slow")

    assert answer == "ValidationException"
