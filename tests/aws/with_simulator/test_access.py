"""In whose name the gateway asks the local endpoint, and what it says when it may not."""

import pytest

from drsorch.aws import drs, ec2, sessions, sts
from drsorch.aws.errors import AwsDenied
from tests.aws.scripted import REGION
from tests.aws.with_simulator.calling import launched, total


def test_a_wrong_external_id_is_denied_with_a_sentence(simulator, target):
    target.external_id = "wrong"
    with pytest.raises(AwsDenied) as caught:
        sessions.client(target, REGION, "drs")
    for words in ("AssumeRole", target.account_id, REGION, "trust policy", "external id"):
        assert words in caught.value.message


def test_the_hub_cannot_be_taken_for_another_account(simulator, target):
    target.role_arn = ""
    with pytest.raises(AwsDenied, match="belong to account 111111111111, not to 222222222222"):
        sessions.client(target, REGION, "drs")


def test_ended_sessions_are_replaced_by_the_next_client(simulator, target):
    reader = sessions.client(target, REGION, "drs")
    simulator.expire()
    with pytest.raises(AwsDenied):
        drs.describe_jobs(reader)
    assert drs.describe_jobs(sessions.client(target, REGION, "drs")) == []
    assert total(simulator, "sts.AssumeRole") == 2


def test_unknown_keys_are_denied(simulator, hub, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN000000000")
    with pytest.raises(AwsDenied):
        sessions.client(hub, REGION, "drs")


def test_identity_is_that_of_the_role(simulator, target):
    identity = sts.caller_identity(sessions.client(target, REGION, "sts", purpose="validate"))
    assert identity.account_id == target.account_id
    assert identity.arn.endswith("/drsorch-validate")


def test_a_role_is_assumed_once_for_all_that_a_process_does_in_an_account(simulator, target, servers):
    before = total(simulator, "sts.AssumeRole")
    instances = launched(simulator, target, servers[:2])
    for region in (REGION, "us-west-2"):
        for _ in range(3):
            drs.describe_jobs(sessions.client(target, region, "drs", purpose="poll"))
            ec2.describe_instances(sessions.client(target, region, "ec2", purpose="inventory"), instances)

    assert total(simulator, "sts.AssumeRole") - before == 1
