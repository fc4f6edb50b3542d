"""Keys, signatures, sessions, trust and permissions: everything that AWS checks before it does anything."""

import json

import boto3
import pytest

from drsorch.simulator.worlds.hub import ACCESS_KEY_ID
from tests.simulator.callers import (
    EAST,
    HUB,
    ONCE,
    ROLE_ARN,
    TARGET,
    assume,
    code_and_status,
    hub_client,
    launch,
    send,
    server_ids,
    session_client,
    signed_call,
    start,
    target_client,
)

WRONG_SECRET = "x" * 40


def client_with(key=ACCESS_KEY_ID, secret=WRONG_SECRET, token=None, service="drs"):
    return boto3.client(
        service, aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, config=ONCE
    )


def test_the_hub_key_belongs_to_the_hub(simulator):
    assert hub_client("sts").get_caller_identity()["Account"] == HUB


def test_a_session_of_the_role_belongs_to_the_target(simulator):
    identity = target_client("sts").get_caller_identity()

    assert identity["Account"] == TARGET
    assert identity["Arn"] == f"arn:aws:sts::{TARGET}:assumed-role/drsorch-spoke/tests"


UNKNOWN_KEY = [
    ("drs", "describe_jobs", ("UnrecognizedClientException", 403)),
    ("ec2", "describe_instances", ("AuthFailure", 401)),
    ("sts", "get_caller_identity", ("InvalidClientTokenId", 403)),
    ("ssm", "describe_parameters", ("UnrecognizedClientException", 400)),
]


@pytest.mark.parametrize(("service", "operation", "expected"), UNKNOWN_KEY, ids=[case[0] for case in UNKNOWN_KEY])
def test_an_unknown_key_is_refused_in_the_words_of(simulator, service, operation, expected):
    stranger = client_with(key="AKIA" + "Z" * 16, service=service)

    assert code_and_status(getattr(stranger, operation)) == expected


def test_a_wrong_secret_is_refused(simulator):
    assert code_and_status(client_with(service="drs").describe_jobs) == ("InvalidSignatureException", 403)
    assert code_and_status(client_with(service="sts").get_caller_identity) == ("SignatureDoesNotMatch", 403)


def test_a_path_with_escaped_letters_and_a_query_are_signed_like_aws_signs_them(drs):
    arn = drs.describe_source_servers()["items"][0]["arn"]

    drs.untag_resource(resourceArn=arn, tagKeys=["a b", "a/b", "Tier", "ä"])

    assert "Tier" not in drs.list_tags_for_resource(resourceArn=arn)["tags"]


def test_a_body_that_was_changed_on_the_way_is_refused(simulator):
    status, headers, _ = signed_call(
        simulator, "/DescribeJobs", b'{"maxResults": 1}', headers={"X-Amz-Date": "20200101T000000Z"}
    )

    assert (status, headers["x-amzn-ErrorType"]) == (403, "InvalidSignatureException")


def test_an_unsigned_request_is_refused(simulator):
    status, headers, _ = send(simulator, "POST", "/DescribeJobs", b"{}")

    assert (status, headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")


def test_a_signature_is_refused_when_it_is_older_than_the_window(simulator):
    simulator.settings(signature_window_seconds=0)

    assert code_and_status(hub_client("drs").describe_jobs) == ("InvalidSignatureException", 403)
    assert code_and_status(hub_client("ec2").describe_instances) == ("RequestExpired", 400)


def test_virtual_time_does_not_age_signatures(simulator):
    simulator.advance(86400)

    assert hub_client("drs").describe_jobs()["items"] == []


def test_a_session_needs_its_token(simulator):
    credentials = assume()["Credentials"]
    for token in (None, "somebody else's token"):
        forged = client_with(credentials["AccessKeyId"], credentials["SecretAccessKey"], token)
        assert code_and_status(forged.describe_jobs) == ("UnrecognizedClientException", 403)


EXPIRED = [
    ("drs", "describe_jobs", ("ExpiredTokenException", 403)),
    ("ec2", "describe_instances", ("RequestExpired", 400)),
    ("sts", "get_caller_identity", ("ExpiredToken", 403)),
]


@pytest.mark.parametrize(("service", "operation", "expected"), EXPIRED, ids=[case[0] for case in EXPIRED])
def test_an_expired_session_is_refused_in_the_words_of(simulator, service, operation, expected):
    client = target_client(service)

    assert simulator.expire() == 1
    assert code_and_status(getattr(client, operation)) == expected
    assert target_client(service)


REFUSED_ROLES = {
    "a wrong external id": {"ExternalId": "wrong"},
    "no external id": {"ExternalId": None},
    "a role that does not exist": {"RoleArn": f"arn:aws:iam::{TARGET}:role/other"},
    "an account that does not exist": {"RoleArn": "arn:aws:iam::999999999999:role/drsorch-spoke"},
    "something that is no ARN of a role": {"RoleArn": "this is not the ARN of a role"},
}


@pytest.mark.parametrize("changes", REFUSED_ROLES.values(), ids=REFUSED_ROLES.keys())
def test_assume_role_is_denied_for(simulator, changes):
    assert code_and_status(assume, **changes) == ("AccessDenied", 403)


def test_assume_role_is_denied_when_the_trust_is_withdrawn(simulator):
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444444444444:root"}, "Action": "sts:AssumeRole"}
    iam = target_client("iam")
    iam.update_assume_role_policy(
        RoleName="drsorch-spoke", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )

    assert code_and_status(assume) == ("AccessDenied", 403)


def test_a_condition_that_is_not_understood_lets_nobody_in(simulator):
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{HUB}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }
    target_client("iam").update_assume_role_policy(
        RoleName="drsorch-spoke", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )

    assert code_and_status(assume) == ("AccessDenied", 403)


def set_policy(*statements):
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    target_client("iam").put_role_policy(RoleName="drsorch-spoke", PolicyName="orchestrate", PolicyDocument=document)


def test_a_role_may_do_only_what_its_policy_says(simulator):
    set_policy({"Effect": "Allow", "Action": ["drs:Describe*"], "Resource": "*"})
    drs = target_client("drs")

    assert drs.describe_jobs()["items"] == []
    assert code_and_status(start, drs, server_ids(simulator, TARGET)) == ("AccessDeniedException", 403)
    assert code_and_status(target_client("ec2").describe_instances) == ("UnauthorizedOperation", 403)
    assert simulator.jobs() == []


def test_a_deny_beats_an_allow(simulator):
    set_policy(
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "drs:describejobs", "Resource": "*"},
    )

    assert code_and_status(target_client("drs").describe_jobs) == ("AccessDeniedException", 403)


def test_a_policy_can_be_limited_to_a_region(simulator):
    only_west = {"StringEquals": {"aws:RequestedRegion": "us-west-2"}}
    set_policy({"Effect": "Allow", "Action": "drs:*", "Resource": "*", "Condition": only_west})

    assert target_client("drs", "us-west-2").describe_jobs()["items"] == []
    assert code_and_status(target_client("drs", EAST).describe_jobs) == ("AccessDeniedException", 403)


def test_a_managed_policy_counts_too(simulator):
    iam = target_client("iam")
    deny = {"Effect": "Deny", "Action": "drs:DescribeJobs", "Resource": "*"}
    policy = iam.create_policy(
        PolicyName="no-jobs", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    iam.attach_role_policy(RoleName="drsorch-spoke", PolicyArn=policy["Policy"]["Arn"])

    assert code_and_status(target_client("drs").describe_jobs) == ("AccessDeniedException", 403)


def test_a_starter_without_ec2_rights_gets_a_job_whose_launches_fail(simulator):
    set_policy({"Effect": "Allow", "Action": ["drs:*", "ec2:Describe*"], "Resource": "*"})
    drs = target_client("drs")
    (first, *_) = server_ids(simulator, TARGET)
    job = launch(simulator, drs, [first])

    (finished,) = drs.describe_jobs()["items"]
    assert (finished["status"], finished["participatingServers"][0]["launchStatus"]) == ("COMPLETED", "FAILED")
    errors = [item["eventData"].get("rawError", "") for item in drs.describe_job_log_items(jobID=job["jobID"])["items"]]
    assert any("UnauthorizedOperation" in error for error in errors)


def test_a_role_can_be_assumed_from_a_role_only_where_the_trust_names_it(simulator):
    chained = session_client("sts", assume()["Credentials"])

    assert code_and_status(chained.assume_role, RoleArn=ROLE_ARN, RoleSessionName="again") == ("AccessDenied", 403)


def test_an_opt_in_region_that_is_off_does_not_know_the_credentials(simulator):
    assert code_and_status(hub_client("drs", "ap-east-1").describe_jobs) == ("UnrecognizedClientException", 403)
    assert code_and_status(hub_client("ec2", "ap-east-1").describe_instances) == ("AuthFailure", 401)


def test_moto_s_own_control_path_is_closed(simulator):
    unsigned, _, _ = send(simulator, "POST", "/moto-api/reset")
    signed, _, _ = signed_call(simulator, "/moto-api/reset", service="iam")

    assert (unsigned, signed) == (403, 501)
    assert hub_client("drs").describe_source_servers()["items"]


def test_many_sessions_stay_apart(simulator):
    sessions = [assume(RoleSessionName=f"session-{number}")["Credentials"] for number in range(5)]
    names = {session_client("sts", entry).get_caller_identity()["Arn"].rpartition("/")[2] for entry in sessions}

    assert len(names) == 5
