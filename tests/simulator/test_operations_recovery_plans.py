"""AWS's own recovery plans: made by the control path, read through the API, and in the way of other jobs."""

import pytest

from drsorch.simulator.control import ControlError
from drsorch.simulator.model import SERVICE
from tests.simulator.callers import (
    EAST,
    HUB,
    LONG_ENOUGH,
    WEST,
    code,
    hub_client,
    instances,
    job_of,
    refusal,
    start,
)


@pytest.fixture
def plan(simulator, ids):
    steps = [
        {"source_server_ids": ids[:2]},
        {"wait_minutes": 5},
        {"source_server_ids": ids[2:3], "impact": "OPTIONAL"},
    ]
    return simulator.create_native_plan(HUB, EAST, steps, name="Old plan")


def run(simulator, plan, **more):
    return simulator.start_native_execution(HUB, EAST, plan, **more)


def status(drs, execution):
    return drs.get_recovery_plan_execution(recoveryPlanExecutionArn=execution)["recoveryPlanExecution"]["status"]


def steps_of(drs, execution, **more):
    found = drs.list_recovery_plan_execution_steps(recoveryPlanExecutionArn=execution, **more)
    return found["recoveryPlanExecutionSteps"]


def missing(shape, document):
    return set(SERVICE.shape_for(shape).members) - set(document)


def test_a_plan_is_listed_and_read_with_its_steps(drs, ids, plan):
    (listed,) = drs.list_recovery_plans()["recoveryPlans"]
    read = drs.get_recovery_plan(recoveryPlanArn=plan)["recoveryPlan"]
    steps = drs.list_recovery_plan_steps(recoveryPlanArn=plan)["recoveryPlanSteps"]

    assert (listed["recoveryPlanArn"], listed["name"], listed["status"]) == (plan, "Old plan", "ACTIVE")
    assert missing("RecoveryPlan", read) == set()
    assert [list(step["configuration"]) for step in steps] == [
        ["serverStepConfiguration"],
        ["waitStepConfiguration"],
        ["serverStepConfiguration"],
    ]
    servers = steps[0]["configuration"]["serverStepConfiguration"]["servers"]
    assert [server["serverArn"].rpartition("/")[2] for server in servers] == ids[:2]
    assert missing("RecoveryPlanStep", steps[0]) == set()


def test_an_execution_launches_step_by_step_and_waits_in_between(simulator, drs, ids, plan):
    execution = run(simulator, plan)
    first = steps_of(drs, execution)

    assert [step["status"] for step in first] == ["EXECUTING", "NOT_STARTED", "NOT_STARTED"]
    job = first[0]["configuration"]["executionServerStepConfiguration"]["servers"][0]["jobID"]
    assert job_of(drs, job)["initiatedBy"] == "START_DRILL"
    seen = []
    for _ in range(100):
        seen.append(tuple(step["status"] for step in steps_of(drs, execution)))
        simulator.advance(20)
    assert list(dict.fromkeys(seen)) == [
        ("EXECUTING", "NOT_STARTED", "NOT_STARTED"),
        ("COMPLETED", "WAITING", "NOT_STARTED"),
        ("COMPLETED", "COMPLETED", "EXECUTING"),
        ("COMPLETED", "COMPLETED", "COMPLETED"),
    ]
    read = drs.get_recovery_plan_execution(recoveryPlanExecutionArn=execution)["recoveryPlanExecution"]
    assert read["status"] == "COMPLETED"
    assert missing("RecoveryPlanExecution", read) == {"errorDetail"}
    step = drs.get_recovery_plan_execution_step(recoveryPlanExecutionStepArn=first[0]["recoveryPlanExecutionStepArn"])
    assert missing("RecoveryPlanExecutionStep", step["recoveryPlanExecutionStep"]) == {"errorDetail"}
    assert len(instances(drs)) == 3


def test_servers_of_a_running_execution_conflict_with_other_jobs(simulator, drs, ids, plan):
    run(simulator, plan)

    answer = refusal(start, drs, ids[1:2])
    assert (answer["Error"]["Code"], answer["resourceId"]) == ("ConflictException", ids[1])


def test_an_execution_whose_server_is_busy_fails_with_the_reason(simulator, drs, ids, plan):
    start(drs, ids[:1])
    execution = run(simulator, plan)
    (failed,) = steps_of(drs, execution, filter={"status": "FAILED"})

    assert status(drs, execution) == "FAILED"
    assert ids[0] in failed["errorDetail"]["message"]
    assert (
        drs.list_recovery_plan_executions()["recoveryPlanExecutions"][0]["errorDetail"]["code"] == "ConflictException"
    )


@pytest.mark.parametrize(("position", "expected"), [(0, "FAILED"), (2, "COMPLETED")], ids=["critical", "optional"])
def test_only_a_critical_server_that_fails_lets_the_execution_fail(simulator, drs, ec2, ids, plan, position, expected):
    template = drs.get_launch_configuration(sourceServerID=ids[position])["ec2LaunchTemplateID"]
    nowhere = {"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-0123456789abcdef0"}]}
    ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=nowhere)
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
    execution = run(simulator, plan)
    simulator.advance(4 * LONG_ENOUGH)

    assert status(drs, execution) == expected
    assert len(instances(drs)) == (1 if expected == "FAILED" else 2)


def test_executions_come_newest_first_by_plan_and_status_in_pages(simulator, drs, ids, plan):
    other = simulator.create_native_plan(HUB, EAST, [{"source_server_ids": ids[4:]}])
    made = []
    for mode, ended in [("DRILL", "COMPLETED"), ("RECOVERY", "FAILED"), ("DRILL", "CANCELLED")]:
        made.append(run(simulator, plan, mode=mode, status=ended))
        simulator.advance(1)
    live = run(simulator, other)

    pages = drs.get_paginator("list_recovery_plan_executions").paginate(PaginationConfig={"PageSize": 3})
    arns = [[entry["recoveryPlanExecutionArn"] for entry in page["recoveryPlanExecutions"]] for page in pages]
    assert arns == [[live, made[2], made[1]], [made[0]]]
    by_plan = drs.list_recovery_plan_executions(recoveryPlanArn=plan)["recoveryPlanExecutions"]
    assert [entry["status"] for entry in by_plan] == ["CANCELLED", "FAILED", "COMPLETED"]
    (running,) = drs.list_recovery_plan_executions(status="IN_PROGRESS")["recoveryPlanExecutions"]
    assert (running["recoveryPlanExecutionArn"], running["mode"]) == (live, "DRILL")
    assert simulator.jobs()[0]["servers"].keys() == set(ids[4:])


def test_plans_of_another_region_are_not_here(simulator, plan):
    drs = hub_client("drs", WEST)

    assert drs.list_recovery_plans()["recoveryPlans"] == []
    for call in (drs.get_recovery_plan, drs.list_recovery_plan_steps):
        assert code(call, recoveryPlanArn=plan) == "ResourceNotFoundException"
    for call in (drs.get_recovery_plan_execution, drs.list_recovery_plan_execution_steps):
        assert code(call, recoveryPlanExecutionArn=f"{plan}/execution/none") == "ResourceNotFoundException"
    answer = refusal(drs.get_recovery_plan_execution_step, recoveryPlanExecutionStepArn=f"{plan}/step/none")
    assert answer["Error"]["Code"] == "ResourceNotFoundException"


BAD_PLANS = [
    ([], "at least one step"),
    ([3], "A step must be a map"),
    ([{"source_server_ids": ["s-none"]}], "There is no source server s-none"),
    ([{"source_server_ids": []}], "at least one source server"),
    ([{"wait_minutes": 0}], "from 1 to 120"),
    ([{"servers": []}], "There is no field servers"),
]


@pytest.mark.parametrize(("steps", "sentence"), BAD_PLANS, ids=[case[1] for case in BAD_PLANS])
def test_a_plan_is_refused_with_a_sentence(simulator, steps, sentence):
    with pytest.raises(ControlError, match=sentence):
        simulator.create_native_plan(HUB, EAST, steps)


def test_a_plan_runs_once_at_a_time_and_must_exist(simulator, plan):
    run(simulator, plan)
    with pytest.raises(ControlError, match="is running already"):
        run(simulator, plan)
    with pytest.raises(ControlError, match="There is no recovery plan"):
        run(simulator, "arn:none")
    with pytest.raises(ControlError, match="status must be one of"):
        run(simulator, plan, status="DONE")
