"""Recovery instances are terminated by their own ids, through the API: only those that executions launched."""

import pytest

from drsorch.audit.models import AuditEvent
from executions.models import Execution, ServerRun, Termination
from tests import factories
from tests.executions.driving import run, step

pytestmark = pytest.mark.django_db
TERMINATE = "/ec2/instances/terminate"


@pytest.fixture
def drilled(calling, aws, ada, place, olga):
    """Drill a plan of its own for a tier, to its end, and return the execution with its instances."""

    def make(tier, **more):
        plan = factories.plan(ada, factories.group(ada, place, tier), name=f"Plan {tier}")
        body = {"planId": str(plan.pk), "executionType": "DRILL"} | more
        made = calling(olga).data("POST", "/executions", body, status=202, key=tier)
        execution = Execution.objects.get(pk=made["executionId"])
        run(execution, aws)
        return execution, ids(execution)

    return make


def ids(execution):
    return list(ServerRun.objects.filter(wave__execution=execution).values_list("recovery_instance_id", flat=True))


def test_instances_are_terminated_all_that_are_named_or_none(calling, aws, olga, drilled):
    ask, (database, some), (application, others) = calling(olga), drilled("db"), drilled("app")

    few = ask.refusal("POST", TERMINATE, {"instanceIds": [*some, others[0]]}, status=409)
    assert (few["code"], few["details"]) == ("INVALID_STATE", {"instanceIds": others[1:]})
    error = ask.refusal("POST", TERMINATE, {"instanceIds": [*some, *others, "i-of0somebody0else"]}, status=404)
    assert "i-of0somebody0else" in error["message"]
    assert not Termination.objects.exists()

    asked = ask.data("POST", TERMINATE, {"instanceIds": [*some, *others]}, status=202)["executions"]
    assert {each["executionId"] for each in asked} == {str(database.pk), str(application.pk)}
    assert [(each["isRequested"], each["total"]) for each in asked] == [(True, 2)] * 2
    assert AuditEvent.objects.filter(action="terminate_instances", outcome="ALLOWED").count() == 2
    assert ask.refusal("POST", TERMINATE, {"instanceIds": some}, status=409)["code"] == "INVALID_STATE"
    for _ in range(6):
        step()
        aws.advance(150)
    assert ask.refusal("POST", TERMINATE, {"instanceIds": some}, status=409)["code"] == "ALREADY_TERMINATED"


def test_one_execution_that_may_not_now_keeps_the_instances_of_all(calling, olga, drilled):
    (_, some), (application, others) = drilled("db"), drilled("app")
    Execution.objects.filter(pk=application.pk).update(status="POLLING", ended_at=None)

    error = calling(olga).refusal("POST", TERMINATE, {"instanceIds": [*some, *others]}, status=409)

    assert (error["code"], error["details"]) == ("INVALID_STATE", {"status": "POLLING"})
    assert not Termination.objects.exists()


def test_instances_of_a_recovery_need_the_name_of_the_plan(calling, olga, drilled):
    _, some = drilled("db", executionType="RECOVERY", confirmPlanName="Plan db", overrideReason="Test")
    ask, body = calling(olga), {"instanceIds": some}

    assert ask.refusal("POST", TERMINATE, body, status=400)["code"] == "CONFIRMATION_REQUIRED"
    assert ask.data("POST", TERMINATE, body | {"confirmPlanName": "Plan db"}, status=202)["executions"]


def test_who_may_not_terminates_nothing_and_it_is_evidence(calling, oscar, drilled):
    _, some = drilled("db")

    error = calling(oscar).refusal("POST", TERMINATE, {"instanceIds": some}, status=403)

    assert error["details"]["permission"] == "drs:TerminateInstances"
    assert AuditEvent.objects.filter(action="terminate_instances", outcome="DENIED").exists()
    assert not Termination.objects.exists()
