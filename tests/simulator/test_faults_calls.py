"""Faults that spoil a call of any service: refusals, connections, and bodies that are no answer."""

import time

import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)

from tests.simulator.callers import (
    EAST,
    HUB,
    ONCE,
    WEST,
    assume,
    code_and_status,
    hub_client,
    refusal,
    server_ids,
    start,
    target_client,
)

HASTY = ONCE.merge(Config(read_timeout=0.2))


REFUSING = [
    ("drs", "describe_jobs", {"kind": "error_before", "status": 502}, ("InternalServerException", 502)),
    ("drs", "describe_jobs", {"kind": "outage"}, ("ServiceUnavailableException", 503)),
    ("ec2", "describe_instances", {"kind": "outage"}, ("Unavailable", 503)),
    ("sts", "get_caller_identity", {"kind": "outage"}, ("ServiceUnavailable", 503)),
    ("drs", "describe_jobs", {"kind": "expired_credentials"}, ("ExpiredTokenException", 403)),
    ("ec2", "describe_instances", {"kind": "expired_credentials"}, ("RequestExpired", 400)),
    ("sts", "get_caller_identity", {"kind": "expired_credentials"}, ("ExpiredToken", 403)),
    ("drs", "describe_jobs", {"kind": "unknown_credentials"}, ("UnrecognizedClientException", 403)),
    ("ec2", "describe_instances", {"kind": "region_disabled"}, ("AuthFailure", 401)),
    ("drs", "describe_jobs", {"kind": "region_disabled"}, ("UnrecognizedClientException", 403)),
    ("drs", "describe_jobs", {"kind": "clock_skew"}, ("RequestTimeTooSkewed", 403)),
    ("sts", "get_caller_identity", {"kind": "clock_skew"}, ("RequestTimeTooSkewed", 403)),
    ("drs", "describe_jobs", {"kind": "uninitialized"}, ("UninitializedAccountException", 400)),
    ("drs", "describe_jobs", {"kind": "quota"}, ("ServiceQuotaExceededException", 402)),
]


@pytest.mark.parametrize(("service", "operation", "rule", "expected"), REFUSING, ids=str)
def test_a_call_is_refused_in_the_words_of_its_service(simulator, service, operation, rule, expected):
    simulator.fault(**rule, times=1)
    call = getattr(hub_client(service), operation)

    assert code_and_status(call) == expected
    assert call()


def test_a_quota_error_names_the_quota(simulator, drs):
    simulator.fault(kind="quota", operation="StartRecovery", quota_code="L-05AFA8C6", times=1)

    assert refusal(start, drs, server_ids(simulator)[:1])["quotaCode"] == "L-05AFA8C6"
    assert simulator.jobs() == []


OUTAGES = [
    ({"service": "drs", "region": EAST}, ["drs east"]),
    ({"service": "ec2", "region": EAST}, ["ec2 east"]),
    ({"region": EAST}, ["drs east", "ec2 east"]),
    ({"service": "sts"}, ["sts"]),
]


@pytest.mark.parametrize(("scope", "down"), OUTAGES, ids=str)
def test_an_outage_is_of_a_service_in_a_region_or_of_both(simulator, scope, down):
    simulator.fault(kind="outage", **scope)
    calls = {
        "drs east": hub_client("drs").describe_jobs,
        "ec2 east": hub_client("ec2").describe_instances,
        "drs west": hub_client("drs", WEST).describe_jobs,
        "sts": hub_client("sts", WEST).get_caller_identity,
    }
    failed = set()
    for name, call in calls.items():
        try:
            call()
        except ClientError:
            failed.add(name)

    assert sorted(failed) == down


def test_a_storm_throttles_what_comes_faster_than_its_rate(simulator, drs):
    simulator.fault(kind="storm", operation="DescribeJobs", per_second=0.001, burst=2)
    drs.describe_jobs()
    drs.describe_jobs()

    assert code_and_status(drs.describe_jobs) == ("ThrottlingException", 429)
    assert code_and_status(drs.describe_jobs) == ("ThrottlingException", 429)
    assert drs.describe_source_servers()["items"]
    assert simulator.faults()[0]["hits"] == 2


def test_a_storm_is_over_for_those_who_wait(simulator, drs):
    simulator.fault(kind="storm", operation="DescribeJobs", per_second=1_000_000)

    assert [len(drs.describe_jobs()["items"]) for _ in range(5)] == [0] * 5


def test_a_refused_connection_has_no_effect(simulator, drs):
    simulator.fault(kind="refuse", operation="StartRecovery", times=1)

    with pytest.raises(ConnectionClosedError):
        start(drs, server_ids(simulator)[:1])
    assert simulator.jobs() == []


def test_a_black_hole_says_nothing_until_the_reader_gives_up(simulator):
    simulator.fault(kind="black_hole", operation="StartRecovery", seconds=30, times=1)

    with pytest.raises(ReadTimeoutError):
        start(hub_client("drs", config=HASTY), server_ids(simulator)[:1])
    assert simulator.jobs() == []


def test_clearing_the_faults_lets_go_of_what_a_black_hole_holds(simulator, drs):
    simulator.fault(kind="black_hole", operation="DescribeJobs", seconds=0.1)
    began = time.monotonic()
    with pytest.raises(ConnectionClosedError):
        drs.describe_jobs()

    assert time.monotonic() - began < 5


def test_a_truncated_answer_has_its_effect(simulator, drs):
    simulator.fault(kind="truncated", operation="StartRecovery", times=1)

    answered = drs.start_recovery(sourceServers=[{"sourceServerID": server_ids(simulator)[0]}])
    assert "job" not in answered  # botocore takes half a body for an empty answer
    assert len(simulator.jobs()) == 1


def test_garbage_has_its_effect(simulator, drs):
    simulator.fault(kind="garbage", operation="StartRecovery", times=1)

    answered = drs.start_recovery(sourceServers=[{"sourceServerID": server_ids(simulator)[0]}])
    assert "job" not in answered  # botocore takes what it cannot parse for an empty answer
    assert len(simulator.jobs()) == 1


def test_dice_fall_alike_for_the_same_seed(simulator, drs):
    def series(seed):
        simulator.reset()
        simulator.fault(kind="throttle", operation="DescribeJobs", probability=0.5, seed=seed)
        hits = []
        for _ in range(12):
            try:
                drs.describe_jobs()
                hits.append(False)
            except ClientError:
                hits.append(True)
        return hits

    first = series(1)
    assert series(1) == first
    assert series(2) != first


def test_rights_can_be_lost_and_given_back(simulator):
    drs = target_client("drs")
    simulator.deny("222222222222", "drs:DescribeJobs")
    assert code_and_status(drs.describe_jobs) == ("AccessDeniedException", 403)
    assert drs.describe_source_servers()["items"]

    simulator.deny("222222222222")
    assert drs.describe_jobs()["items"] == []


def test_trust_can_be_lost_and_given_back(simulator):
    simulator.trust("222222222222", "another-id")
    assert code_and_status(assume) == ("AccessDenied", 403)
    assert assume(ExternalId="another-id")
    simulator.trust("222222222222", None)
    assert code_and_status(assume, ExternalId="another-id") == ("AccessDenied", 403)


def test_a_region_can_be_switched_off_and_on(simulator):
    drs, ec2 = hub_client("drs", WEST), hub_client("ec2", WEST)
    simulator.region(HUB, WEST, enabled=False)
    assert code_and_status(drs.describe_jobs) == ("UnrecognizedClientException", 403)
    assert code_and_status(ec2.describe_instances) == ("AuthFailure", 401)
    assert hub_client("drs").describe_jobs()["items"] == []

    simulator.region(HUB, WEST, enabled=True, initialized=False)
    assert code_and_status(drs.describe_jobs) == ("UninitializedAccountException", 400)
    drs.initialize_service()
    assert drs.describe_jobs()["items"] == []
