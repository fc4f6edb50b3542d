"""Faults: what the caller sees, whether the effect happened, and how often a rule applies."""

import time

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from drsorch.simulator.control import ControlError
from tests.simulator.callers import (
    EAST,
    HUB,
    ONCE,
    TARGET,
    WEST,
    assume,
    code_and_status,
    hub_client,
    instances,
    launch,
    start,
    target_client,
)

REFUSING = [
    ({"kind": "throttle"}, ("ThrottlingException", 429)),
    ({"kind": "error_before"}, ("InternalServerException", 500)),
    ({"kind": "error_before", "status": 503}, ("InternalServerException", 503)),
    ({"kind": "conflict"}, ("ConflictException", 409)),
    ({"kind": "denied"}, ("AccessDeniedException", 403)),
]


@pytest.mark.parametrize(("rule", "expected"), REFUSING, ids=[str(case[0]) for case in REFUSING])
def test_a_refused_start_has_no_effect(simulator, drs, ids, rule, expected):
    simulator.fault(operation="StartRecovery", times=1, **rule)

    assert code_and_status(start, drs, ids[:1]) == expected
    assert simulator.jobs() == []
    assert start(drs, ids[:1])["status"] == "PENDING"


def test_an_error_after_the_effect_leaves_the_job_behind(simulator, drs, ids):
    simulator.fault(kind="error_after", operation="StartRecovery", times=1)

    assert code_and_status(start, drs, ids[:1]) == ("InternalServerException", 500)
    assert list(simulator.jobs()[0]["servers"]) == ids[:1]


def test_a_connection_cut_before_the_effect_leaves_nothing_behind(simulator, drs, ids):
    simulator.fault(kind="cut_before", operation="StartRecovery", times=1)

    with pytest.raises(ConnectionClosedError):
        start(drs, ids[:1])
    assert simulator.jobs() == []


def test_a_connection_cut_after_the_effect_leaves_the_job_behind(simulator, drs, ids):
    simulator.fault(kind="cut_after", operation="StartRecovery", times=1)

    with pytest.raises(ConnectionClosedError):
        start(drs, ids[:1], tags={"nonce": "7"})
    assert simulator.jobs()[0]["tags"] == {"nonce": "7"}
    assert code_and_status(start, drs, ids[:1]) == ("ConflictException", 409)


def test_a_slow_answer_comes_late(simulator, drs):
    simulator.fault(kind="slow", operation="DescribeJobs", seconds=0.3, times=1)

    began = time.monotonic()
    drs.describe_jobs()
    assert time.monotonic() - began >= 0.3


def test_an_answer_slower_than_the_reader_waits_has_its_effect(simulator, ids):
    hasty = hub_client("drs", config=ONCE.merge(Config(read_timeout=0.2)))
    simulator.fault(kind="slow_after", operation="StartRecovery", seconds=0.6, times=1)

    with pytest.raises(ReadTimeoutError):
        start(hasty, ids[:1])
    assert len(simulator.jobs()) == 1


OTHER_SERVICES = [
    ("ec2", "describe_instances", "throttle", ("RequestLimitExceeded", 503)),
    ("ec2", "describe_instances", "denied", ("UnauthorizedOperation", 403)),
    ("sts", "get_caller_identity", "throttle", ("Throttling", 400)),
    ("ssm", "describe_parameters", "throttle", ("ThrottlingException", 400)),
]


@pytest.mark.parametrize(("service", "operation", "kind", "expected"), OTHER_SERVICES)
def test_a_fault_speaks_the_language_of_its_service(simulator, service, operation, kind, expected):
    simulator.fault(kind=kind, service=service, times=1)

    assert code_and_status(getattr(hub_client(service), operation)) == expected


def test_sts_can_be_made_to_fail(simulator):
    simulator.fault(kind="error_before", service="sts", operation="AssumeRole", times=1)

    assert code_and_status(assume) == ("InternalFailure", 500)
    assert assume()


def test_a_rule_is_used_up_after_its_times_and_counts_its_hits(simulator, drs):
    simulator.fault(kind="throttle", operation="DescribeJobs", times=2)

    outcomes = []
    for _ in range(4):
        try:
            drs.describe_jobs()
            outcomes.append("ok")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])
    assert outcomes == ["ThrottlingException", "ThrottlingException", "ok", "ok"]
    assert [rule["hits"] for rule in simulator.faults()] == [2]


def test_a_rule_without_times_holds_until_it_is_cleared(simulator, drs):
    simulator.fault(kind="throttle")
    for _ in range(3):
        assert code_and_status(drs.describe_jobs)[0] == "ThrottlingException"

    simulator.clear_faults()
    assert drs.describe_jobs()["items"] == []


def test_a_rule_keeps_to_its_account_and_region(simulator, drs):
    simulator.fault(kind="denied", account=TARGET, region=WEST)

    assert drs.describe_jobs()["items"] == []
    assert target_client("drs", EAST).describe_jobs()["items"] == []
    assert code_and_status(target_client("drs", WEST).describe_jobs) == ("AccessDeniedException", 403)


def test_a_rule_with_a_probability_hits_some_calls(simulator, drs):
    simulator.fault(kind="throttle", operation="DescribeJobs", probability=0.5)
    outcomes = set()
    for _ in range(200):
        try:
            outcomes.add(bool(drs.describe_jobs()))
        except ClientError:
            outcomes.add(False)
        if len(outcomes) == 2:
            break

    assert outcomes == {True, False}


def test_a_new_job_can_be_invisible_for_a_while_but_holds_its_servers(simulator, drs, ids):
    simulator.fault(kind="job_invisible", seconds=30, times=1)
    hidden = start(drs, ids[:1])
    shown = start(drs, ids[1:2])

    assert [job["jobID"] for job in drs.describe_jobs()["items"]] == [shown["jobID"]]
    assert code_and_status(start, drs, ids[:1]) == ("ConflictException", 409)
    simulator.advance(30)
    assert {job["jobID"] for job in drs.describe_jobs()["items"]} == {shown["jobID"], hidden["jobID"]}


def test_chosen_servers_fail_by_rule(simulator, drs, ids):
    simulator.fault(kind="launch_failure", source_server_ids=ids[:2], at="CONVERSION")
    launch(simulator, drs, ids[:3])

    assert simulator.jobs()[0]["servers"] == dict(zip(ids[:3], ["FAILED", "FAILED", "LAUNCHED"], strict=True))


def test_visibility_settings_hold_for_every_job(simulator, drs, ids):
    simulator.settings(
        visibility={
            "job_invisible_seconds": 5,
            "recovery_instance_late_seconds": 60,
            "job_arn_in_tags": False,
            "empty_finished_terminate_jobs": True,
        }
    )
    job = start(drs, ids[:1], tags={"a": "b"})
    assert job["tags"] == {"a": "b"}
    assert drs.describe_jobs()["items"] == []
    while drs.describe_source_servers()["items"][0]["lastLaunchResult"] != "SUCCEEDED":
        simulator.advance(10)
    assert instances(drs) == []
    simulator.advance(60)
    (instance,) = instances(drs)
    drs.terminate_recovery_instances(recoveryInstanceIDs=[instance["recoveryInstanceID"]])
    simulator.advance(60)
    assert drs.describe_jobs()["items"][0]["participatingServers"] == []


BAD_RULES = [
    ({"kind": "explode"}, "There is no fault kind 'explode'"),
    ({"kind": None}, "There is no fault kind None"),
    ({"kind": "throttle", "colour": "red"}, "has no field colour"),
    ({"kind": "throttle", "seconds": 3}, "has no field seconds"),
    ({"kind": "slow"}, "needs seconds"),
    ({"kind": "slow", "seconds": "3"}, "seconds must be 0 to 86400"),
    ({"kind": "throttle", "times": 0}, "times must be"),
    ({"kind": "throttle", "times": True}, "times must be"),
    ({"kind": "throttle", "probability": 2}, "probability must be"),
    ({"kind": "error_after", "status": 404}, "status must be 500 to 599"),
    ({"kind": "throttle", "operation": 7}, "operation must be a string"),
    ({"kind": "launch_failure", "source_server_ids": "s-1", "at": "LAUNCH"}, "source_server_ids must be a list"),
    ({"kind": "launch_failure", "source_server_ids": [], "at": "BOOT"}, "at must be one of"),
    ({"kind": "replication", "state": "BROKEN"}, "state must be one of STOPPED"),
    ({"kind": "status_checks"}, "needs state"),
    ({"kind": "status_checks", "state": "impaired", "check": "disk"}, "check must be one of"),
    ({"kind": "storm", "per_second": -1}, "per_second must be a number that is not negative"),
    ({"kind": "storm", "per_second": 1, "burst": 0}, "burst must be a whole number from 1"),
    ({"kind": "tags_changed", "tags": {"a": 1}}, "tags must be a map of strings"),
    ({"kind": "enum_unknown"}, "needs member"),
    ({"kind": "timestamps", "form": "epoch"}, "form must be one of Z, offset"),
    ({"kind": "throttle", "seed": 1.5}, "seed must be a whole number"),
]


@pytest.mark.parametrize(("rule", "sentence"), BAD_RULES, ids=[case[1] for case in BAD_RULES])
def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(simulator, rule, sentence):
    with pytest.raises(ControlError, match=sentence):
        simulator.fault(**rule)
    assert simulator.faults() == []


def test_a_server_that_does_not_exist_cannot_be_made_to_fail(simulator):
    with pytest.raises(ControlError, match="There is no source server s-1 in 111111111111 us-east-1"):
        simulator.fail_server(HUB, EAST, "s-1")
