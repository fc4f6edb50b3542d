"""The journal repeats every operation exactly: what is read after a restart is what was read before it."""

import json
import uuid

import pytest

from drsorch.simulator.worlds.demo import FINANCE_ID, STAGING_ID
from tests.simulator.callers import LONG_ENOUGH, client_of, instances, server_ids, start
from tests.simulator.endpoints import Endpoint

PLACE = FINANCE_ID, "us-east-1"


@pytest.fixture
def demo(tmp_path, monkeypatch, simulator):  # simulator: for the credentials in the environment
    running = Endpoint(tmp_path / "journal", monkeypatch, world="demo")
    yield running
    running.kill()


def everything(control):
    """What reading shows, without the time of the answer."""
    drs, home = client_of(control, FINANCE_ID), client_of(control, FINANCE_ID, region="us-east-2")
    ec2, ssm = client_of(control, FINANCE_ID, "ec2"), client_of(control, FINANCE_ID, "ssm")
    shown = []
    for server_id in server_ids(control, *PLACE)[:3]:
        shown += [
            drs.describe_recovery_snapshots(sourceServerID=server_id),
            drs.get_launch_configuration(sourceServerID=server_id),
            drs.get_replication_configuration(sourceServerID=server_id),
            drs.list_launch_actions(resourceId=server_id),
        ]
    shown += [
        drs.describe_source_servers(),
        home.describe_source_servers(),
        client_of(control, STAGING_ID).describe_jobs(),
        drs.describe_jobs(),
        drs.describe_recovery_instances(),
        drs.describe_source_networks(),
        drs.list_recovery_plan_executions(),
        drs.list_staging_accounts(),
        ec2.describe_launch_template_versions(Versions=["$Latest"]),
        ec2.describe_vpcs(),
        ssm.describe_automation_executions(),
        client_of(control, FINANCE_ID, "service-quotas").list_service_quotas(ServiceCode="drs"),
        control.jobs(),
    ]
    return [json.dumps(answer, default=str, indent=1) for answer in map(_timeless, shown)]


def _timeless(answer):
    """Without what EC2 dates by the wall and what differs from answer to answer."""
    if isinstance(answer, list):
        return [_timeless(entry) for entry in answer]
    if isinstance(answer, dict):
        left_out = ("ResponseMetadata", "CreateTime")
        return {name: _timeless(value) for name, value in answer.items() if name not in left_out}
    return answer


def live_through_all_of_it(control):
    drs, ids = client_of(control, FINANCE_ID), server_ids(control, *PLACE)
    ec2, ssm = client_of(control, FINANCE_ID, "ec2"), client_of(control, FINANCE_ID, "ssm")
    template = drs.get_launch_configuration(sourceServerID=ids[0])["ec2LaunchTemplateID"]
    drs.update_launch_configuration(sourceServerID=ids[1], launchDisposition="STOPPED")
    ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData={"InstanceType": "c5.large"})
    action = {"actionCode": "AWS-RunShellScript", "order": 2, "actionId": str(uuid.uuid4()), "optional": True}
    more = {"active": True, "name": "x", "actionVersion": "1", "category": "OTHER", "description": ""}
    drs.put_launch_action(resourceId=ids[0], **action, **more)
    drs.stop_replication(sourceServerID=ids[2])
    drs.start_replication(sourceServerID=ids[2])
    (first, _) = drs.list_extensible_source_servers(stagingAccountID=STAGING_ID)["items"]
    extended = drs.create_extended_source_server(sourceServerArn=first["arn"])["sourceServer"]["sourceServerID"]
    start(drs, [ids[0], ids[1], extended])
    network = drs.describe_source_networks()["items"][0]["sourceNetworkID"]
    drs.start_source_network_recovery(sourceNetworks=[{"sourceNetworkID": network}])
    control.advance(LONG_ENOUGH)
    running = next(entry for entry in instances(drs) if entry["ec2InstanceState"] == "RUNNING")
    drs.reverse_replication(recoveryInstanceID=running["recoveryInstanceID"])
    plan = control.create_native_plan(*PLACE, [{"source_server_ids": ids[4:6]}, {"wait_minutes": 2}])
    control.start_native_execution(*PLACE, plan)
    control.quotas(*PLACE, servers_per_job=7)
    ssm.start_automation_execution(DocumentName="AWS-StopEC2Instance")
    control.advance(LONG_ENOUGH)


def test_every_operation_comes_out_as_before(demo):
    live_through_all_of_it(demo.control)
    before = everything(demo.control)
    demo.restart()

    for shown, seen_before in zip(everything(demo.control), before, strict=True):
        assert shown == seen_before
