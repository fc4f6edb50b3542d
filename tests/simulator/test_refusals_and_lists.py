"""What is refused, and how jobs and tags are found: quotas, unknown things, Regions, pages, dates."""

import pytest

from tests.simulator.callers import (
    EAST,
    HUB,
    TARGET,
    WEST,
    code,
    code_and_status,
    hub_client,
    instances,
    launch,
    refusal,
    server_ids,
    source_server,
    start,
    target_client,
)

UNKNOWN_IN_START = {
    "a server": {"sourceServerID": "s-" + "0" * 17},
    "a snapshot": {"recoverySnapshotID": "pit-" + "0" * 17},
}


@pytest.mark.parametrize("members", UNKNOWN_IN_START.values(), ids=UNKNOWN_IN_START.keys())
def test_a_start_with_an_unknown_thing_finds_nothing(drs, ids, members):
    servers = [{"sourceServerID": ids[0]} | members]

    assert code_and_status(drs.start_recovery, sourceServers=servers) == ("ResourceNotFoundException", 404)


def test_naming_a_server_twice_is_refused(drs, ids):
    assert code(start, drs, [ids[0], ids[0]]) == "ValidationException"


QUOTAS = [
    ({"servers_per_job": 1}, "L-B827C881"),
    ({"concurrent_jobs": 1}, "L-D88FAC3A"),
    ({"servers_in_all_jobs": 2}, "L-05AFA8C6"),
]


@pytest.mark.parametrize(("quota", "quota_code"), QUOTAS, ids=[case[1] for case in QUOTAS])
def test_a_quota_that_is_full_refuses_with_its_code(simulator, drs, ids, quota, quota_code):
    start(drs, ids[:1])
    simulator.settings(quotas=quota)

    answer = refusal(start, drs, ids[1:3])
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (
        "ServiceQuotaExceededException",
        402,
    )
    assert answer["quotaCode"] == quota_code
    assert len(simulator.jobs()) == 1


def test_quotas_count_per_account_and_region(simulator, drs, ids):
    simulator.settings(quotas={"concurrent_jobs": 1})
    west, target = hub_client("drs", WEST), target_client("drs")
    places = [(drs, ids), (west, server_ids(simulator, HUB, WEST)), (target, server_ids(simulator, TARGET))]

    for client, servers in places:
        assert start(client, servers[:1])["status"] == "PENDING"
    for client, servers in places:
        assert refusal(start, client, servers[1:2])["Error"] == {
            "Code": "ServiceQuotaExceededException",
            "Message": "Concurrent jobs in progress: 2 would be more than 1",
        }
    assert len(simulator.jobs()) == len(places)


def test_a_region_that_is_not_initialised_says_so_until_it_is(simulator):
    drs = hub_client("drs", "eu-central-1")

    assert code(drs.describe_source_servers) == "UninitializedAccountException"
    drs.initialize_service()
    assert drs.describe_source_servers()["items"] == []


def test_tags_of_a_server_can_be_changed_and_are_copied_to_its_instance(simulator, drs, ids):
    server = source_server(drs, ids[0])
    drs.tag_resource(resourceArn=server["arn"], tags={"Cost": "7"})
    drs.untag_resource(resourceArn=server["arn"], tagKeys=["Tier", "never there"])
    launch(simulator, drs, ids[:1])

    assert drs.list_tags_for_resource(resourceArn=server["arn"])["tags"] == instances(drs)[0]["tags"]
    assert instances(drs)[0]["tags"] == {"Name": "hub-use1-db-1", "Application": "Minimal", "Cost": "7"}


def test_tags_of_somebody_else_s_resource_are_not_found(simulator, drs):
    arn = target_client("drs").describe_source_servers()["items"][0]["arn"]

    assert code(drs.list_tags_for_resource, resourceArn=arn) == "ResourceNotFoundException"


def test_an_arn_of_another_region_is_not_found_here(drs):
    arn = drs.describe_source_servers()["items"][0]["arn"].replace(EAST, WEST)

    assert code(drs.list_tags_for_resource, resourceArn=arn) == "ResourceNotFoundException"


def test_jobs_come_newest_first_in_pages_without_gaps(simulator, drs, ids):
    started = []
    for server_id in ids[:5]:
        started.append(start(drs, [server_id])["jobID"])
        simulator.advance(1)

    pages = list(drs.get_paginator("describe_jobs").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    assert [job["jobID"] for page in pages for job in page["items"]] == started[::-1]


def test_a_page_token_is_no_good_for_another_question(drs):
    token = drs.describe_source_servers(maxResults=2)["nextToken"]

    assert code(drs.describe_jobs, nextToken=token) == "ValidationException"


def test_jobs_are_found_by_date(simulator, drs, ids):
    old = start(drs, ids[:1])
    simulator.advance(3600)
    new = start(drs, ids[1:2])
    between = simulator.health()["time"][:19] + "Z"

    assert [job["jobID"] for job in drs.describe_jobs(filters={"fromDate": between})["items"]] == [new["jobID"]]
    assert [job["jobID"] for job in drs.describe_jobs(filters={"toDate": between})["items"]] == [old["jobID"]]


def test_an_unknown_job_is_left_out_without_an_error(drs):
    unknown = "drsjob-" + "0" * 17

    assert drs.describe_jobs(filters={"jobIDs": [unknown]})["items"] == []
    assert drs.describe_job_log_items(jobID=unknown)["items"] == []
