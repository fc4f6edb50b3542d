"""Recovery instances through the API."""

import pytest

from executions import services
from tests import factories
from tests.executions.driving import run
from tests.simulator.callers import target_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(ada, place, olga, aws):
    """A drill of two servers that has completed."""
    plan = factories.plan(ada, factories.group(ada, place, "db"), name="Small")
    return run(services.start_execution(plan=plan, actor=olga), aws, by=150)


def test_an_instance_is_shown_as_its_execution_knows_it_and_as_ec2_says_that_it_is_now(calling, vera, done, aws):
    ask, launched = calling(vera), done.waves.get().servers.first()
    path = f"/ec2/instances/{launched.recovery_instance_id}"
    assert ask.data("GET", path)["live"]["instanceCheck"] == "initializing"
    aws.advance(600)

    found = ask.data("GET", path)

    assert (found["executionId"], found["launchStatus"]) == (str(done.pk), "LAUNCHED")
    assert (found["recoveryInstanceId"], found["sourceServerId"]) == (
        launched.recovery_instance_id,
        launched.source_server_id,
    )
    live = found["live"]
    assert (live["state"], live["instanceCheck"], live["systemCheck"]) == ("running", "ok", "ok")
    assert live["privateIp"] == launched.private_ip != ""
    assert live["instanceType"]
    assert live["askedAt"] > found["launchedAt"]


def test_instances_are_filtered_by_what_their_executions_were_for(calling, vera, done):
    ask = calling(vera)

    assert ask.data("GET", "/ec2/instances?executionType=DRILL")["count"] == 2
    assert ask.data("GET", "/ec2/instances?executionType=RECOVERY")["count"] == 0


def test_an_instance_that_ec2_has_terminated_or_forgotten_is_not_said_to_run(calling, vera, done):
    one, other = done.waves.get().servers.all()
    target_client("ec2", one.region).terminate_instances(InstanceIds=[one.recovery_instance_id])
    type(other).objects.filter(pk=other.pk).update(recovery_instance_id="i-0a1b2c3d4e5f60718")
    ask = calling(vera)

    ended = ask.data("GET", f"/ec2/instances/{one.recovery_instance_id}")["live"]
    unknown = ask.data("GET", "/ec2/instances/i-0a1b2c3d4e5f60718")["live"]

    assert ended["state"] in ("shutting-down", "terminated")
    assert {value for name, value in unknown.items() if name != "askedAt"} == {""}


def test_what_ec2_refuses_is_a_502_with_its_code(calling, vera, done, aws):
    name = done.waves.get().servers.first().recovery_instance_id
    aws.fault(kind="denied", operation="DescribeInstances")

    error = calling(vera).refusal("GET", f"/ec2/instances/{name}", status=502)

    assert (error["code"], error["details"]["operation"]) == ("AWS_ERROR", "DescribeInstances")


def test_only_instances_of_ours_are_asked_about_and_only_for_those_who_see_them(calling, vera, sam, aws):
    ask = calling(vera)
    before = aws.requests()

    for unknown in ("i-0a1b2c3d4e5f60718", "i-1%27", "x" * 300, "%00"):
        assert ask.refusal("GET", f"/ec2/instances/{unknown}", status=404)["code"] == "NOT_FOUND"
    ask.refusal("GET", "/ec2/instances/i-1?region=us-east-1", status=400)
    calling(sam).refusal("GET", "/ec2/instances/i-1", status=403)
    assert aws.requests() == before
