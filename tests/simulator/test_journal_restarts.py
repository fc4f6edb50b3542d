"""An endpoint with a journal that is killed in the middle goes on where it was."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from drsorch.simulator.worlds.minimal import EXTERNAL_ID
from tests.simulator.callers import (
    EAST,
    HUB,
    LONG_ENOUGH,
    ROLE_ARN,
    TARGET,
    WEST,
    assume,
    code,
    hub_client,
    instances,
    launch,
    server_ids,
    session_client,
    start,
    statuses,
)
from tests.simulator.endpoints import EndpointProcess


@pytest.fixture
def process(tmp_path, monkeypatch, simulator):
    running = EndpointProcess(tmp_path / "journal", monkeypatch)
    yield running
    running.kill()


def test_a_killed_endpoint_goes_on_in_the_middle_of_a_job(process):
    control = process.control
    ids = server_ids(control)
    drs, ec2 = hub_client("drs"), hub_client("ec2")
    first = launch(control, drs, ids[:1], tags={"intent": "1"})
    machine = instances(drs)[0]["ec2InstanceID"]
    subnets = sorted(entry["SubnetId"] for entry in ec2.describe_subnets()["Subnets"])
    second = start(drs, ids[1:4], isDrill=True, tags={"intent": "2"})
    control.advance(60)
    control.fault(kind="throttle", operation="DescribeJobs", times=3)
    assert code(drs.describe_jobs) == "ThrottlingException"
    drs.tag_resource(resourceArn=drs.describe_source_servers()["items"][5]["arn"], tags={"Colour": "red"})
    session = assume()["Credentials"]
    session_client("drs", session).describe_source_servers()
    before = {"now": control.health()["now"], "requests": control.requests(), "jobs": control.jobs()}

    process.restart()
    control = process.control
    drs, ec2 = hub_client("drs"), hub_client("ec2")

    assert control.requests() == before["requests"]
    assert control.jobs() == before["jobs"]
    assert control.health()["now"] == before["now"]
    assert [(rule["times"], rule["hits"]) for rule in control.faults()] == [(3, 1)]
    assert code(drs.describe_jobs) == "ThrottlingException"
    assert code(drs.describe_jobs) == "ThrottlingException"
    assert statuses(drs, first["jobID"])[0] == "COMPLETED"
    assert statuses(drs, second["jobID"]) == ("STARTED", ["PENDING"] * 3)
    assert [entry["ec2InstanceID"] for entry in instances(drs)] == [machine]
    assert sorted(entry["SubnetId"] for entry in ec2.describe_subnets()["Subnets"]) == subnets
    assert drs.describe_source_servers()["items"][5]["tags"]["Colour"] == "red"
    assert session_client("drs", session).describe_source_servers()["items"]
    control.advance(LONG_ENOUGH)
    assert statuses(drs, second["jobID"]) == ("COMPLETED", ["LAUNCHED"] * 3)


def test_an_endpoint_that_is_killed_again_and_again_shows_the_same_instances(endpoint):
    drs, ids = hub_client("drs"), server_ids(endpoint.control)
    launch(endpoint.control, drs, ids)
    launched = {entry["sourceServerID"]: entry["ec2InstanceID"] for entry in instances(drs)}
    hub_client("ec2").stop_instances(InstanceIds=[launched[ids[0]]])
    for _ in range(2):
        endpoint.restart()
        drs = hub_client("drs")
        assert {entry["sourceServerID"]: entry["ec2InstanceID"] for entry in instances(drs)} == launched
    states = {entry["sourceServerID"]: entry["ec2InstanceState"] for entry in instances(drs)}
    assert states == {ids[0]: "STOPPED", **dict.fromkeys(ids[1:], "RUNNING")}
    drs.terminate_recovery_instances(recoveryInstanceIDs=[launched[ids[0]]])
    endpoint.control.advance(LONG_ENOUGH)
    endpoint.restart()
    assert launched[ids[0]] not in [entry["ec2InstanceID"] for entry in instances(hub_client("drs"))]


def test_time_goes_on_while_the_endpoint_is_down(endpoint):
    endpoint.control.clock(speed=300)
    job = start(hub_client("drs"), server_ids(endpoint.control)[:1])
    killed_at = endpoint.control.health()["now"]
    endpoint.restart()
    assert endpoint.control.health()["now"] > killed_at
    deadline = time.monotonic() + 10
    while statuses(hub_client("drs"), job["jobID"])[0] != "COMPLETED" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert statuses(hub_client("drs"), job["jobID"]) == ("COMPLETED", ["LAUNCHED"])


def test_what_many_callers_did_at_once_comes_out_as_before(endpoint):
    endpoint.control.clock(speed=2000)
    endpoint.control.fault(kind="error_after", operation="StartRecovery", probability=0.5, times=3)
    places = [(HUB, EAST), (HUB, WEST), (TARGET, EAST), (TARGET, WEST)]
    ids = {place: server_ids(endpoint.control, *place) for place in places}

    session, sts = assume()["Credentials"], hub_client("sts")
    clients = {(HUB, region): [hub_client(service, region) for service in ("drs", "ec2")] for region in (EAST, WEST)}
    for region in (EAST, WEST):
        clients[TARGET, region] = [session_client(service, session, region) for service in ("drs", "ec2")]

    def recover(number):
        place = places[number % 4]
        drs, ec2 = clients[place]
        sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName=f"number-{number}", ExternalId=EXTERNAL_ID)
        try:
            start(drs, [ids[place][number // 4]], tags={"number": str(number)})
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InternalServerException"
        ec2.create_launch_template(LaunchTemplateName=f"own-{number}", LaunchTemplateData={"InstanceType": "m5.large"})
        return [len(drs.describe_jobs()["items"]) for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(recover, range(24)))
    endpoint.control.clock(speed=0)
    endpoint.control.advance(LONG_ENOUGH)

    def everything():
        shown = []
        for drs, ec2 in clients.values():
            shown.append(instances(drs))
            templates = ec2.describe_launch_templates()["LaunchTemplates"]
            shown.append(sorted(template["LaunchTemplateId"] for template in templates))
        return [*shown, endpoint.control.jobs(), endpoint.control.launches(), endpoint.control.faults()]

    before = everything()
    endpoint.restart()

    assert everything() == before
    assert len(before[-3]) == 24
