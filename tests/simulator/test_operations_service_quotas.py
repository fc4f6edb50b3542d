"""Service Quotas shows the values that the endpoint enforces."""

import pytest
from botocore.exceptions import ClientError

from drsorch.simulator.control import ControlError
from drsorch.simulator.quotas import QUOTAS
from tests.simulator.callers import EAST, HUB, TARGET, WEST, code, hub_client, refusal, server_ids, start, target_client

NOW = {
    "L-D88FAC3A": 20,
    "L-B827C881": 100,
    "L-05AFA8C6": 500,
    "L-DD6D028C": 1,
    "L-C1D14A2B": 300,
    "L-E28BE5E0": 4000,
    "L-0588D03B": 200,
    "L-1F3FAE4D": 1,
    "L-4B0323BD": 100,
}


@pytest.fixture
def quotas(simulator):
    return hub_client("service-quotas")


def values(client):
    return {quota["QuotaCode"]: quota["Value"] for quota in client.list_service_quotas(ServiceCode="drs")["Quotas"]}


def test_every_quota_of_drs_has_the_value_of_today(quotas):
    assert values(quotas) == NOW
    assert {quota.code for quota in QUOTAS} == set(NOW)


def test_one_quota_says_what_it_is(quotas):
    quota = quotas.get_service_quota(ServiceCode="drs", QuotaCode="L-D88FAC3A")["Quota"]

    assert (quota["Value"], quota["ServiceCode"], quota["Adjustable"]) == (20.0, "drs", False)
    assert quota["QuotaArn"] == f"arn:aws:servicequotas:{EAST}:{HUB}:drs/L-D88FAC3A"
    assert quotas.get_service_quota(ServiceCode="drs", QuotaCode="L-E28BE5E0")["Quota"]["Adjustable"] is True


def test_quotas_come_in_pages(quotas):
    pages = list(
        quotas.get_paginator("list_service_quotas").paginate(ServiceCode="drs", PaginationConfig={"PageSize": 4})
    )

    assert [len(page["Quotas"]) for page in pages] == [4, 4, 1]
    assert code(quotas.list_service_quotas, ServiceCode="drs", NextToken="99") == "InvalidPaginationTokenException"


def test_an_unknown_quota_is_no_such_resource(quotas):
    assert code(quotas.get_service_quota, ServiceCode="drs", QuotaCode="L-00000000") == "NoSuchResourceException"


def test_a_request_that_breaks_the_model_is_refused(quotas):
    assert code(quotas.list_service_quotas, ServiceCode="drs", QuotaAppliedAtLevel="PLANET") == "ValidationException"


def test_other_services_are_left_to_moto(quotas):
    assert quotas.list_aws_default_service_quotas(ServiceCode="vpc")["Quotas"]
    with pytest.raises(ClientError):
        quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-00000000")


def test_a_quota_of_one_account_and_region_is_shown_and_enforced_there_only(simulator, drs, ids, quotas):
    changed = simulator.quotas(HUB, EAST, servers_per_job=1)

    assert changed["servers_per_job"] == 1
    assert values(quotas) == NOW | {"L-B827C881": 1}
    assert values(hub_client("service-quotas", WEST)) == NOW
    assert refusal(start, drs, ids[:2])["quotaCode"] == "L-B827C881"
    start(hub_client("drs", WEST), server_ids(simulator, HUB, WEST)[:2])
    start(target_client("drs"), server_ids(simulator, TARGET)[:2])
    default = quotas.get_aws_default_service_quota(ServiceCode="drs", QuotaCode="L-B827C881")["Quota"]
    assert default["Value"] == 100
    simulator.quotas(HUB, EAST, servers_per_job=None)
    start(drs, ids[:2])


def test_a_quota_of_all_accounts_is_shown_too(simulator, quotas):
    simulator.settings(quotas={"concurrent_jobs": 3})

    assert values(quotas)["L-D88FAC3A"] == 3


BAD_QUOTAS = [({"jobs": 3}, "There is no field jobs"), ({"concurrent_jobs": -1}, "not negative")]


@pytest.mark.parametrize(("change", "sentence"), BAD_QUOTAS, ids=[case[1] for case in BAD_QUOTAS])
def test_a_quota_is_refused_with_a_sentence(simulator, change, sentence):
    with pytest.raises(ControlError, match=sentence):
        simulator.quotas(HUB, EAST, **change)
