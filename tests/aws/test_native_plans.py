"""AWS's own recovery plans: which run, with which servers."""

import pytest

from drsorch.aws import native_plans
from drsorch.aws.errors import AwsDenied, AwsUnknown
from tests.aws.scripted import refuses, says

ARN = "arn:aws:drs:us-east-1:111111111111:recovery-plan/rp-1/execution/rpe-1"
SERVER = "arn:aws:drs:us-east-1:111111111111:source-server/s-1111111111111111a"


def execution(status):
    return {
        "recoveryPlanExecutionArn": ARN,
        "recoveryPlanArn": "rp",
        "mode": "DRILL",
        "status": status,
        "startedAt": "x",
    }


def step(*servers):
    configuration = {"executionServerStepConfiguration": {"servers": [{"serverArn": arn} for arn in servers]}}
    return {"recoveryPlanExecutionStepArn": "a", "stepName": "n", "stepIndex": 1, "configuration": configuration}


def test_a_running_execution_is_read_with_the_servers_of_all_its_steps(aws, reader):
    aws.answers(
        "ListRecoveryPlanExecutions",
        says({"recoveryPlanExecutions": []}),
        says({"recoveryPlanExecutions": [execution("IN_PROGRESS")], "nextToken": "t"}),
        says({"recoveryPlanExecutions": []}),
        says({"recoveryPlanExecutions": [execution("CANCELLING")]}),
    )
    wait = {"configuration": {"waitStepConfiguration": {"waitDurationMinutes": 5}}}
    aws.answers(
        "ListRecoveryPlanExecutionSteps", says({"recoveryPlanExecutionSteps": [step(SERVER), wait, step(SERVER)]})
    )

    (found,) = native_plans.running_executions(reader)
    assert (found.arn, found.mode, found.server_ids) == (ARN, "DRILL", ("s-1111111111111111a",))
    asked = [params["status"] for params in aws.asked("ListRecoveryPlanExecutions")]
    assert sorted(set(asked)) == ["CANCELLING", "CREATED", "IN_PROGRESS"]


def test_where_drs_does_not_offer_recovery_plans_none_runs(aws, reader):
    aws.answers("ListRecoveryPlanExecutions", refuses("UnknownOperationException", 404))

    assert native_plans.running_executions(reader) == []


@pytest.mark.parametrize(
    ("reply", "error"),
    [(refuses("AccessDeniedException", 403), AwsDenied), (says({}), AwsUnknown)],
)
def test_what_could_not_be_asked_is_never_an_empty_answer(aws, reader, reply, error):
    aws.answers("ListRecoveryPlanExecutions", reply)

    with pytest.raises(error):
        native_plans.running_executions(reader)
