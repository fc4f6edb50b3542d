"""Launch configuration, launch templates, launch actions: what a server is launched as."""

import uuid

import pytest

from drsorch.simulator.model import SERVICE
from tests.simulator.callers import (
    EAST,
    HUB,
    code,
    events,
    instances,
    job_of,
    launch,
    refusal,
    server_ids,
    start,
)

UNKNOWN = "s-" + "0" * 17


def drill(simulator, drs, server_id):
    return launch(simulator, drs, [server_id], isDrill=True)


def machine(ec2):
    (reservation,) = ec2.describe_instances()["Reservations"]
    return reservation["Instances"][0]


def versions(ec2, template_id):
    return ec2.describe_launch_template_versions(LaunchTemplateId=template_id)["LaunchTemplateVersions"]


def edit(ec2, template_id, data):
    """Change the template as an operator does: a new version on top of the default one, made the default."""
    made = ec2.create_launch_template_version(
        LaunchTemplateId=template_id, SourceVersion="$Default", LaunchTemplateData=data
    )
    number = str(made["LaunchTemplateVersion"]["VersionNumber"])
    ec2.modify_launch_template(LaunchTemplateId=template_id, DefaultVersion=number)


def test_a_launch_configuration_has_every_member_and_a_template_that_exists(drs, ec2, first):
    found = drs.get_launch_configuration(sourceServerID=first)

    assert set(SERVICE.shape_for("LaunchConfiguration").members) <= set(found)
    (template,) = ec2.describe_launch_templates(LaunchTemplateIds=[found["ec2LaunchTemplateID"]])["LaunchTemplates"]
    assert (template["DefaultVersionNumber"], first in template["LaunchTemplateName"]) == (1, True)
    (version,) = versions(ec2, found["ec2LaunchTemplateID"])
    assert version["LaunchTemplateData"]["InstanceType"] == "m5.large"
    assert drs.get_launch_configuration(sourceServerID=first)["ec2LaunchTemplateID"] == found["ec2LaunchTemplateID"]


def test_the_template_has_the_same_id_whenever_it_is_first_asked_for(simulator, drs, first):
    before = drs.get_launch_configuration(sourceServerID=first)["ec2LaunchTemplateID"]
    simulator.reset()
    launch(simulator, drs, server_ids(simulator)[1:])

    assert drs.get_launch_configuration(sourceServerID=first)["ec2LaunchTemplateID"] == before


def test_an_update_makes_a_new_default_version_and_overwrites_what_was_edited_in_ec2(drs, ec2, first):
    template = drs.get_launch_configuration(sourceServerID=first)["ec2LaunchTemplateID"]
    edit(ec2, template, {"UserData": "aGVsbG8="})
    answer = drs.update_launch_configuration(sourceServerID=first, launchDisposition="STOPPED", copyTags=False)

    assert (answer["launchDisposition"], answer["copyTags"]) == ("STOPPED", False)
    assert [(entry["VersionNumber"], entry["DefaultVersion"]) for entry in versions(ec2, template)] == [
        (1, False),
        (2, False),
        (3, True),
    ]
    assert "UserData" not in versions(ec2, template)[2]["LaunchTemplateData"]
    assert drs.get_launch_configuration(sourceServerID=first)["launchDisposition"] == "STOPPED"


def test_a_template_that_was_deleted_comes_back(drs, ec2, first):
    template = drs.get_launch_configuration(sourceServerID=first)["ec2LaunchTemplateID"]
    ec2.delete_launch_template(LaunchTemplateId=template)

    again = drs.get_launch_configuration(sourceServerID=first)["ec2LaunchTemplateID"]
    assert again != template
    assert len(ec2.describe_launch_templates()["LaunchTemplates"]) == 1


def test_a_server_launched_stopped_ends_stopped(simulator, drs, ec2, first):
    drs.update_launch_configuration(sourceServerID=first, launchDisposition="STOPPED")
    drill(simulator, drs, first)

    assert instances(drs)[0]["ec2InstanceState"] == "STOPPED"
    assert machine(ec2)["State"]["Name"] == "stopped"


def test_tags_are_not_copied_when_that_is_switched_off(simulator, drs, ec2, first):
    drs.update_launch_configuration(sourceServerID=first, copyTags=False)
    drill(simulator, drs, first)

    assert instances(drs)[0]["tags"] == {}
    assert "Application" not in {tag["Key"] for tag in machine(ec2)["Tags"]}


RIGHT_SIZING = [("NONE", "c5.4xlarge"), ("BASIC", "m5.large"), ("IN_AWS", "m5.large")]


@pytest.mark.parametrize(("method", "launched"), RIGHT_SIZING, ids=[case[0] for case in RIGHT_SIZING])
def test_right_sizing_decides_whether_the_template_s_instance_type_counts(simulator, drs, ec2, first, method, launched):
    template = drs.update_launch_configuration(sourceServerID=first, targetInstanceTypeRightSizingMethod=method)
    edit(ec2, template["ec2LaunchTemplateID"], {"InstanceType": "c5.4xlarge"})
    drill(simulator, drs, first)

    assert machine(ec2)["InstanceType"] == launched


def test_b22_an_update_of_the_launch_configuration_makes_a_version_that_overwrites_what_ec2_was_told(drs, ec2, first):
    template = drs.get_launch_configuration(sourceServerID=first)["ec2LaunchTemplateID"]
    edit(ec2, template, {"InstanceType": "c5.4xlarge"})
    before = versions(ec2, template)

    drs.update_launch_configuration(sourceServerID=first, copyTags=False)

    after = versions(ec2, template)
    assert len(after) == len(before) + 1
    assert before[-1]["LaunchTemplateData"]["InstanceType"] == "c5.4xlarge"
    assert after[-1]["LaunchTemplateData"]["InstanceType"] != "c5.4xlarge"


def test_an_own_instance_type_survives_an_update_without_right_sizing(drs, ec2, first):
    template = drs.update_launch_configuration(sourceServerID=first, targetInstanceTypeRightSizingMethod="NONE")
    edit(ec2, template["ec2LaunchTemplateID"], {"InstanceType": "c5.4xlarge"})
    drs.update_launch_configuration(sourceServerID=first, copyTags=False)

    assert versions(ec2, template["ec2LaunchTemplateID"])[-1]["LaunchTemplateData"]["InstanceType"] == "c5.4xlarge"


def test_the_default_version_says_into_which_subnet_and_groups(simulator, drs, ec2, first):
    subnet = ec2.describe_subnets()["Subnets"][2]["SubnetId"]
    group = ec2.create_security_group(GroupName="recovered", Description="x")["GroupId"]
    template = drs.get_launch_configuration(sourceServerID=first)["ec2LaunchTemplateID"]
    edit(ec2, template, {"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}]})
    drill(simulator, drs, first)

    assert machine(ec2)["SubnetId"] == subnet
    assert [entry["GroupId"] for entry in machine(ec2)["SecurityGroups"]] == [group]


WRONG_INTERFACES = [
    ("InvalidSubnetID.NotFound", {"SubnetId": "subnet-0123456789abcdef0"}),
    ("InvalidGroup.NotFound", {"Groups": ["sg-0123456789abcdef0"]}),
    ("InvalidParameterValue", {"SubnetId": "the first one", "PrivateIpAddress": "192.168.77.1"}),
]


@pytest.mark.parametrize(("code", "interface"), WRONG_INTERFACES, ids=[case[0] for case in WRONG_INTERFACES])
def test_a_template_that_ec2_refuses_lets_the_launch_fail_with_its_error(simulator, drs, ec2, first, code, interface):
    if interface.get("SubnetId") == "the first one":
        interface = interface | {"SubnetId": ec2.describe_subnets()["Subnets"][0]["SubnetId"]}
    template = drs.get_launch_configuration(sourceServerID=first)["ec2LaunchTemplateID"]
    edit(ec2, template, {"NetworkInterfaces": [{"DeviceIndex": 0, **interface}]})
    job = drill(simulator, drs, first)

    assert events(drs, job["jobID"], first)[-1] == "LAUNCH_FAILED"
    log = drs.describe_job_log_items(jobID=job["jobID"])["items"]
    assert code in next(item["eventData"]["rawError"] for item in log if item["event"] == "LAUNCH_FAILED")
    assert instances(drs) == []
    assert ec2.describe_instances()["Reservations"] == []


def test_the_fast_recovery_mode_converts_nothing(simulator, drs, first):
    drs.update_launch_configuration(sourceServerID=first, recoveryMode="FAST")
    job = drill(simulator, drs, first)

    assert events(drs, job["jobID"], first) == ["SNAPSHOT_START", "SNAPSHOT_END", "LAUNCH_START"]


def test_a_server_in_a_job_cannot_be_changed(drs, first):
    start(drs, [first])

    assert code(drs.update_launch_configuration, sourceServerID=first, copyTags=False) == "ConflictException"


def test_launching_into_an_instance_rules_right_sizing_out(drs, first):
    into = {"launchIntoEC2InstanceID": "i-0123456789abcdef0"}

    answer = refusal(drs.update_launch_configuration, sourceServerID=first, launchIntoInstanceProperties=into)
    assert (answer["Error"]["Code"], answer["reason"]) == ("ValidationException", "fieldValidationFailed")
    answer = drs.update_launch_configuration(
        sourceServerID=first, launchIntoInstanceProperties=into, targetInstanceTypeRightSizingMethod="NONE"
    )
    assert answer["launchIntoInstanceProperties"] == into


@pytest.mark.parametrize("name", ["get_launch_configuration", "update_launch_configuration"])
def test_the_launch_configuration_of_an_unknown_server_is_not_found(drs, name):
    assert code(getattr(drs, name), sourceServerID=UNKNOWN) == "ResourceNotFoundException"


def action(order=2, **changes):
    return {
        "actionCode": "AWS-RunShellScript",
        "order": order,
        "actionId": str(uuid.UUID(int=order)),
        "optional": False,
        "active": True,
        "name": "Say hello",
        "actionVersion": "1",
        "category": "OTHER",
        "description": "",
    } | changes


def test_launch_actions_come_in_their_order_and_pages(drs, first):
    for order in (7, 3, 5):
        drs.put_launch_action(resourceId=first, **action(order))
    parameters = {"commands": {"value": "hello", "type": "SSM_STORE"}}
    changed = drs.put_launch_action(resourceId=first, **action(3, name="Other", parameters=parameters))

    pages = list(drs.get_paginator("list_launch_actions").paginate(resourceId=first, PaginationConfig={"PageSize": 2}))
    assert [[entry["order"] for entry in page["items"]] for page in pages] == [[3, 5], [7]]
    assert (changed["name"], changed["type"], changed["parameters"]) == ("Other", "SSM_COMMAND", parameters)
    assert pages[0]["items"][0]["name"] == "Other"
    only = drs.list_launch_actions(resourceId=first, filters={"actionIds": [str(uuid.UUID(int=5))]})["items"]
    assert [entry["order"] for entry in only] == [5]
    assert (
        drs.put_launch_action(resourceId=first, **action(9, actionCode="AWS-CreateImage"))["type"] == "SSM_AUTOMATION"
    )


def test_a_launch_action_can_be_deleted_once(drs, first):
    drs.put_launch_action(resourceId=first, **action())
    gone = {"resourceId": first, "actionId": action()["actionId"]}
    drs.delete_launch_action(**gone)

    assert drs.list_launch_actions(resourceId=first)["items"] == []
    assert code(drs.delete_launch_action, **gone) == "ResourceNotFoundException"


def test_two_launch_actions_cannot_have_the_same_place_in_the_order(drs, first):
    drs.put_launch_action(resourceId=first, **action())

    answer = refusal(drs.put_launch_action, resourceId=first, **action(actionId=str(uuid.UUID(int=99))))
    assert answer["Error"]["Code"] == "ConflictException"


def test_launch_actions_of_an_unknown_server_are_not_found(drs):
    assert code(drs.list_launch_actions, resourceId=UNKNOWN) == "ResourceNotFoundException"


def test_status_checks_are_initializing_after_a_launch_and_ok_a_little_later(simulator, drs, ec2, first):
    job = start(drs, [first])
    while job_of(drs, job["jobID"])["status"] != "COMPLETED":
        simulator.advance(5)

    def checks():
        (status,) = ec2.describe_instance_status()["InstanceStatuses"]
        return status["SystemStatus"]["Status"], status["InstanceStatus"]["Status"]

    assert checks() == ("initializing", "initializing")
    simulator.advance(160)
    assert checks() == ("ok", "ok")
    ec2.stop_instances(InstanceIds=[instances(drs)[0]["ec2InstanceID"]])
    assert ec2.describe_instance_status()["InstanceStatuses"] == []


def test_status_checks_of_other_machines_stay_as_they_are(ec2):
    ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)

    (status,) = ec2.describe_instance_status()["InstanceStatuses"]
    assert (status["SystemStatus"]["Status"], status["InstanceStatus"]["Status"]) == ("ok", "ok")


def test_a_launch_that_was_made_to_fail_leaves_no_machine(simulator, drs, ec2, first):
    simulator.fail_server(HUB, EAST, first)
    drill(simulator, drs, first)

    assert ec2.describe_instances()["Reservations"] == []


def test_launch_actions_run_after_the_launch_when_that_is_switched_on(simulator, drs, first):
    drs.update_launch_configuration(sourceServerID=first, postLaunchEnabled=True)
    drs.put_launch_action(resourceId=first, **action(5))
    drs.put_launch_action(resourceId=first, **action(3))
    drs.put_launch_action(resourceId=first, **action(4, active=False))
    job = start(drs, [first])

    def runs():
        found = job_of(drs, job["jobID"])
        return found["participatingServers"][0]["launchActionsStatus"]

    seen = []
    for _ in range(60):
        seen.append((len(runs()["runs"]), *{run["status"] for run in runs()["runs"]}))
        simulator.advance(10)
    assert list(dict.fromkeys(seen)) == [(0,), (2, "IN_PROGRESS"), (2, "SUCCEEDED")]
    assert [run["action"]["order"] for run in runs()["runs"]] == [3, 5]
    assert "ssmAgentDiscoveryDatetime" in runs()
