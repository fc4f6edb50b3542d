"""Staging accounts, extended source servers, templates and source networks: in the demo world."""

import pytest

from drsorch.simulator.model import SERVICE
from drsorch.simulator.worlds.demo import FINANCE_ID, STAGING_ID
from tests.simulator.callers import (
    LONG_ENOUGH,
    client_of,
    code,
    events,
    hub_client,
    instances,
    job_of,
    refusal,
    server_ids,
    start,
    statuses,
)


@pytest.fixture
def finance(simulator):
    simulator.reset("demo")
    return client_of(simulator, FINANCE_ID)


@pytest.fixture
def staging(simulator, finance):
    return client_of(simulator, STAGING_ID)


def extensible(drs):
    return drs.list_extensible_source_servers(stagingAccountID=STAGING_ID)["items"]


@pytest.fixture
def extended(finance):
    arn = next(entry["arn"] for entry in extensible(finance) if entry["hostname"] == "led-use1-app01")
    return finance.create_extended_source_server(sourceServerArn=arn, tags={"Application": "Ledger"})["sourceServer"]


def test_b21_a_staging_account_is_listed_only_when_a_server_of_it_is_extended(finance, staging):
    assert finance.list_staging_accounts()["accounts"] == []
    first, second = extensible(finance)
    assert (first["hostname"], second["hostname"]) == ("led-use1-app01", "led-use1-app02")
    finance.create_extended_source_server(sourceServerArn=first["arn"])

    assert [entry["hostname"] for entry in extensible(finance)] == ["led-use1-app02"]
    assert finance.list_staging_accounts()["accounts"] == [{"accountID": STAGING_ID}]


def test_extensible_servers_come_in_pages(finance):
    pages = finance.get_paginator("list_extensible_source_servers").paginate(
        stagingAccountID=STAGING_ID, PaginationConfig={"PageSize": 1}
    )

    assert [len(page["items"]) for page in pages] == [1, 1]


def test_an_extended_server_points_at_its_staging_account(finance, extended):
    (found,) = finance.describe_source_servers(filters={"stagingAccountIDs": [STAGING_ID]})["items"]

    assert found == extended
    assert (found["stagingArea"]["status"], found["stagingArea"]["stagingAccountID"]) == ("EXTENDED", STAGING_ID)
    assert found["tags"]["Application"] == "Ledger"


def test_a_launch_of_an_extended_server_is_two_jobs_in_two_accounts(simulator, finance, staging, extended):
    job = start(finance, [extended["sourceServerID"]], isDrill=True)
    (conversion,) = staging.describe_jobs()["items"]

    assert (conversion["type"], conversion["initiatedBy"]) == ("CREATE_CONVERTED_SNAPSHOT", "TARGET_ACCOUNT")
    simulator.advance(LONG_ENOUGH)
    assert statuses(finance, job["jobID"]) == ("COMPLETED", ["LAUNCHED"])
    assert statuses(staging, conversion["jobID"]) == ("COMPLETED", ["LAUNCHED"])
    assert "CONVERSION_END" in events(staging, conversion["jobID"])
    assert "CONVERSION_END" not in events(finance, job["jobID"])
    assert len(instances(finance)) == 1
    assert instances(staging) == []


def test_a_staged_server_in_a_job_of_its_own_account_conflicts(finance, staging, extended):
    staged = extended["stagingArea"]["stagingSourceServerArn"].rpartition("/")[2]
    start(staging, [staged])

    answer = refusal(start, finance, [extended["sourceServerID"]])
    assert (answer["Error"]["Code"], answer["resourceId"]) == ("ConflictException", staged)
    assert finance.describe_jobs()["items"] == []


def test_what_cannot_be_extended_is_refused(finance, extended):
    default_key = extensible(finance)[0]["arn"]
    arn = extended["stagingArea"]["stagingSourceServerArn"]

    assert code(finance.create_extended_source_server, sourceServerArn=default_key) == "ValidationException"
    assert code(finance.create_extended_source_server, sourceServerArn=arn) == "ValidationException"
    missing = arn.rpartition("/")[0] + "/s-" + "0" * 17
    assert code(finance.create_extended_source_server, sourceServerArn=missing) == "ResourceNotFoundException"


def test_an_account_that_staging_does_not_trust_is_denied(finance):
    hub = hub_client("drs")

    assert code(hub.list_extensible_source_servers, stagingAccountID=STAGING_ID) == "AccessDeniedException"
    assert code(hub.list_extensible_source_servers, stagingAccountID="9" * 12) == "AccessDeniedException"


def test_extending_counts_against_the_quota_of_source_servers(simulator, finance):
    simulator.quotas(FINANCE_ID, "us-east-1", source_servers=11)

    answer = refusal(finance.create_extended_source_server, sourceServerArn=extensible(finance)[0]["arn"])
    assert (answer["Error"]["Code"], answer["quotaCode"]) == ("ServiceQuotaExceededException", "L-E28BE5E0")


def test_an_extended_server_replicates_as_its_staging_account_says(finance, extended):
    assert (
        code(finance.update_replication_configuration, sourceServerID=extended["sourceServerID"], createPublicIP=True)
        == "ConflictException"
    )


TEMPLATES = [
    ("launch_configuration", "LaunchConfigurationTemplate", {"exportBucketArn"}),
    ("replication_configuration", "ReplicationConfigurationTemplate", set()),
]


@pytest.mark.parametrize(("kind", "shape", "absent"), TEMPLATES, ids=[case[0] for case in TEMPLATES])
def test_templates_have_every_member_and_are_found_by_id(finance, kind, shape, absent):
    describe = getattr(finance, f"describe_{kind}_templates")
    member = shape[0].lower() + shape[1:] + "ID"
    (found,) = describe()["items"]

    assert set(SERVICE.shape_for(shape).members) - set(found) == absent
    assert describe(**{f"{member}s": [found[member]]})["items"] == [found]
    unknown = found[member][:4] + "0" * 17
    assert code(describe, **{f"{member}s": [unknown]}) == "ResourceNotFoundException"
    assert getattr(hub_client("drs"), f"describe_{kind}_templates")()["items"] == []


def test_a_launch_configuration_template_can_have_launch_actions(finance):
    template = finance.describe_launch_configuration_templates()["items"][0]["launchConfigurationTemplateID"]

    assert finance.list_launch_actions(resourceId=template)["items"] == []


@pytest.fixture
def network(finance):
    (found,) = finance.describe_source_networks()["items"]
    return found


def test_source_networks_are_found_by_id_and_origin(finance, network):
    network_id = network["sourceNetworkID"]

    assert (network["replicationStatus"], network["sourceRegion"]) == ("PROTECTED", "us-east-2")
    for filters, expected in [
        ({"sourceNetworkIDs": [network_id]}, 1),
        ({"sourceNetworkIDs": ["sn-" + "0" * 17]}, 0),
        ({"originRegion": "us-east-2", "originAccountID": FINANCE_ID}, 1),
        ({"originRegion": "eu-west-1"}, 0),
    ]:
        assert len(finance.describe_source_networks(filters=filters)["items"]) == expected


def test_a_source_network_stops_and_becomes_protected_again(simulator, finance, network):
    chosen = {"sourceNetworkID": network["sourceNetworkID"]}

    assert code(finance.start_source_network_replication, **chosen) == "ConflictException"
    stopped = finance.stop_source_network_replication(**chosen)["sourceNetwork"]
    assert stopped["replicationStatus"] == "STOPPED"
    assert code(finance.stop_source_network_replication, **chosen) == "ConflictException"
    started = finance.start_source_network_replication(**chosen)["sourceNetwork"]
    assert started["replicationStatus"] == "IN_PROGRESS"
    simulator.advance(400)
    assert finance.describe_source_networks()["items"][0]["replicationStatus"] == "PROTECTED"


def test_a_source_network_is_recovered_as_a_vpc(simulator, finance, network):
    chosen = [{"sourceNetworkID": network["sourceNetworkID"], "cfnStackName": "billing-network"}]
    job = finance.start_source_network_recovery(sourceNetworks=chosen, tags={"why": "drill"})["job"]

    assert (job["initiatedBy"], job["participatingServers"]) == ("CREATE_NETWORK_RECOVERY", [])
    assert code(finance.start_source_network_recovery, sourceNetworks=chosen) == "ConflictException"
    simulator.advance(LONG_ENOUGH)
    (found,) = finance.describe_source_networks()["items"]
    assert set(SERVICE.shape_for("SourceNetwork").members) <= set(found)
    assert (found["lastRecovery"]["lastRecoveryResult"], found["cfnStackName"]) == ("SUCCESS", "billing-network")
    vpcs = client_of(simulator, FINANCE_ID, "ec2").describe_vpcs(VpcIds=[found["launchedVpcID"]])["Vpcs"]
    assert vpcs[0]["CidrBlock"] == "10.20.0.0/16"
    ended = job_of(finance, job["jobID"])
    assert ended["participatingResources"][0]["launchStatus"] == "LAUNCHED"
    assert events(finance, job["jobID"])[1] == "DEPLOY_NETWORK_CONFIGURATION_START"
    again = finance.start_source_network_recovery(sourceNetworks=chosen)["job"]
    assert again["initiatedBy"] == "UPDATE_NETWORK_RECOVERY"


def test_an_unknown_source_network_is_refused(finance):
    unknown = "sn-" + "0" * 17

    assert code(finance.stop_source_network_replication, sourceNetworkID=unknown) == "ResourceNotFoundException"
    assert code(finance.start_source_network_replication, sourceNetworkID=unknown) == "ResourceNotFoundException"
    answer = code(finance.start_source_network_recovery, sourceNetworks=[{"sourceNetworkID": unknown}])
    assert answer == "ConflictException"


def test_network_recoveries_count_as_jobs_in_progress(simulator, finance, network):
    simulator.quotas(FINANCE_ID, "us-east-1", concurrent_jobs=1)
    finance.start_source_network_recovery(sourceNetworks=[{"sourceNetworkID": network["sourceNetworkID"]}])

    answer = refusal(start, finance, server_ids(simulator, FINANCE_ID, "us-east-1")[:1])
    assert answer["quotaCode"] == "L-D88FAC3A"
