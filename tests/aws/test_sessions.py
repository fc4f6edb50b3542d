"""Whose credentials are used, how often they are fetched, and that it is never the wrong account."""

import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from drsorch.aws import drs, sessions, sts
from drsorch.aws.errors import AwsDenied, AwsError, AwsUnknown, AwsUnreachable
from tests.aws.scripted import HUB, REGION, XML_ERROR, Reply, refuses, says, xml


def test_a_role_is_assumed_once_for_all_regions_services_and_threads(aws, target):
    def run(region):
        drs.describe_jobs(sessions.client(target, region, "drs"))

    threads = [threading.Thread(target=run, args=(region,)) for region in ("us-east-1", "eu-west-1") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sessions.client(target, REGION, "ec2")
    sessions.client(target, REGION, "drs", once=True)
    assert aws.count("AssumeRole") == 1
    assert aws.count("DescribeJobs") == 8
    assert {request.access_key for request in aws.received if request.operation == "DescribeJobs"} == {
        "ASIA0000000000000001"
    }


def test_assume_role_carries_the_external_id_and_a_name_for_cloudtrail(aws, target, settings):
    settings.INSTALLATION_NAME = "Acme DR (primary)"
    sessions.client(target, "eu-west-1", "drs", purpose="inventory")
    [request] = [request for request in aws.received if request.operation == "AssumeRole"]
    assert request.region == "eu-west-1"
    assert request.params["RoleArn"] == target.role_arn
    assert request.params["ExternalId"] == "the-external-id"
    assert request.params["RoleSessionName"] == "Acme-DR--primary--inventory"


@pytest.mark.parametrize(
    ("installation", "purpose", "name"),
    [
        ("drsorch", "engine", "drsorch-engine"),
        ("x" * 80, "engine", "x" * 57 + "-engine"),
        ("ünï / cödé", "poll", "-n----c-d--poll"),
        ("a", "p" * 90, "a-" + "p" * 32),
    ],
)
def test_a_session_name_fits_what_sts_accepts(installation, purpose, name):
    assert sessions.session_name(installation, purpose) == name


def test_a_client_is_made_once(aws, target):
    first = sessions.client(target, REGION, "drs")
    assert sessions.client(target, REGION, "drs").api is first.api
    assert sessions.client(target, REGION, "drs", once=True).api is not first.api
    assert sessions.client(target, "eu-west-1", "drs").api is not first.api


def test_accounts_share_a_client_and_each_request_is_signed_for_its_own(aws, hub, target):
    mine, theirs = sessions.client(hub, REGION, "drs"), sessions.client(target, REGION, "drs")
    for client in (mine, theirs, mine):
        drs.describe_jobs(client)
    assert mine.api is theirs.api
    keys = [request.access_key for request in aws.received if request.operation == "DescribeJobs"]
    assert keys == [os.environ["AWS_ACCESS_KEY_ID"], "ASIA0000000000000001", os.environ["AWS_ACCESS_KEY_ID"]]


def test_ec2_can_be_asked_for_nothing_but_what_is_needed(aws, target):
    api = sessions.client(target, REGION, "ec2").api
    assert set(api.meta.method_to_api_mapping.values()) == {"DescribeInstances", "DescribeInstanceStatus"}


def test_nothing_is_sent_in_nobodys_name(aws, hub):
    client = sessions.client(hub, REGION, "drs")
    with pytest.raises(LookupError):
        client.api.describe_jobs()
    assert aws.count("DescribeJobs") == 0


def test_of_many_clients_those_used_last_are_kept(aws, target, monkeypatch):
    monkeypatch.setattr(sessions, "CLIENTS_KEPT", 3)
    kept = sessions.client(target, REGION, "drs").api
    for region in ("eu-west-1", "eu-west-2", "eu-central-1"):
        sessions.client(target, region, "drs")
        assert sessions.client(target, REGION, "drs").api is kept
    assert len(sessions._process.apis) == 3
    assert aws.count("AssumeRole") == 1


def test_credentials_are_renewed_five_minutes_before_they_expire(aws, target):
    aws.role_until = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    first = sessions.client(target, REGION, "drs")
    aws.role_until = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
    second = sessions.client(target, REGION, "drs")
    third = sessions.client(target, REGION, "drs")
    assert aws.count("AssumeRole") == 2
    assert first.access is not second.access
    assert second.access is third.access


def test_expired_credentials_are_fetched_anew_with_the_next_client(aws, target):
    aws.answers("DescribeJobs", refuses("ExpiredTokenException", 403), says({"items": []}))
    with pytest.raises(AwsDenied, match="fetched with the next call"):
        drs.describe_jobs(sessions.client(target, REGION, "drs"))
    assert drs.describe_jobs(sessions.client(target, REGION, "drs")) == []
    assert aws.count("AssumeRole") == 2


def test_a_changed_external_id_is_proved_at_once(aws, target):
    sessions.client(target, REGION, "drs")
    target.external_id = "another"
    aws.answers("AssumeRole", xml(XML_ERROR.format(code="AccessDenied", message="not authorized"), 403))
    with pytest.raises(AwsDenied) as caught:
        sessions.client(target, REGION, "drs")
    for words in ("AssumeRole", target.account_id, REGION, "external id", "not authorized"):
        assert words in caught.value.message
    assert "another" not in caught.value.message


def test_a_refused_role_is_not_remembered(aws, target):
    aws.answers("AssumeRole", xml(XML_ERROR.format(code="AccessDenied", message="no"), 403))
    with pytest.raises(AwsDenied):
        sessions.client(target, REGION, "drs")
    aws.answers("AssumeRole")
    sessions.client(target, REGION, "drs")
    assert aws.count("AssumeRole") == 2


def test_a_role_of_another_account_is_refused(aws, target):
    aws.role_account = "333333333333"
    with pytest.raises(AwsDenied, match="belongs to account 333333333333, not to 222222222222"):
        sessions.client(target, REGION, "drs")


def test_hub_credentials_are_refused_for_another_account(aws, hub):
    hub.account_id = "999999999999"
    with pytest.raises(AwsDenied, match=f"belong to account {HUB}, not to 999999999999"):
        sessions.client(hub, REGION, "drs")


def test_the_owner_of_hub_credentials_is_asked_once(aws, hub):
    for region in ("us-east-1", "eu-west-1"):
        sessions.client(hub, region, "drs")
    assert aws.count("GetCallerIdentity") == 1


def test_without_credentials_the_sentence_says_so(aws, hub, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(AwsDenied, match="Give this installation AWS credentials"):
        sessions.client(hub, REGION, "drs")


def test_sts_is_asked_at_home_when_the_region_does_not_know_us(aws, target, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    refusal = xml(XML_ERROR.format(code="InvalidClientTokenId", message="unknown"), 403)
    granted = xml(
        "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser>"
        "<Arn>arn:aws:sts::222222222222:assumed-role/DrsOrch/x</Arn></AssumedRoleUser><Credentials>"
        "<AccessKeyId>ASIA0</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        "<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )
    aws.answers("AssumeRole", refusal, granted)
    sessions.client(target, "ap-east-2", "drs")
    assert [request.region for request in aws.received] == ["ap-east-2", "eu-central-1"]


def test_a_refused_role_is_not_asked_for_twice(aws, target):
    aws.answers("AssumeRole", xml(XML_ERROR.format(code="AccessDenied", message="no"), 403))
    with pytest.raises(AwsDenied):
        sessions.client(target, "eu-west-1", "drs")
    assert aws.count("AssumeRole") == 1


def test_an_unreachable_sts_is_unreachable(aws, target, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    with pytest.raises(AwsUnreachable, match="AssumeRole"):
        sessions.client(target, REGION, "drs")


def test_an_sts_that_hangs_up_is_unknown(aws, target):
    aws.answers("AssumeRole", Reply(reset=True))
    with pytest.raises(AwsUnknown):
        sessions.client(target, REGION, "drs")
    assert aws.count("AssumeRole") == 2


def test_identity_is_what_sts_says(aws, hub):
    identity = sts.caller_identity(sessions.client(hub, REGION, "sts"))
    assert (identity.account_id, identity.arn) == (HUB, f"arn:aws:iam::{HUB}:user/hub")


def test_a_forked_child_shares_no_connection_with_its_parent(aws, target):
    parent = sessions.client(target, REGION, "drs")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            mine = sessions.client(target, REGION, "drs")
            os.write(writing, b"same" if mine.api is parent.api else b"own")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as said:
        assert said.read() == "own"


def test_no_client_is_made_without_an_endpoint_while_practising(hub, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(ImproperlyConfigured, match="AWS_ENDPOINT_URL is not set"):
        sessions.client(hub, REGION, "drs")


def test_no_client_is_made_in_production_with_an_endpoint(aws, hub, settings):
    settings.ENVIRONMENT = "production"
    with pytest.raises(ImproperlyConfigured, match="must not be set in production"):
        sessions.client(hub, REGION, "drs")
    assert aws.received == []


def test_a_config_file_cannot_lead_practice_elsewhere(aws, hub, monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text(
        "[default]\nendpoint_url = http://192.0.2.1\nservices = mine\n"
        "[services mine]\ndrs =\n  endpoint_url = http://192.0.2.2\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.3:3128")
    assert drs.describe_jobs(sessions.client(hub, REGION, "drs")) == []
    assert aws.count("DescribeJobs") == 1


def test_a_config_file_cannot_lead_production_elsewhere(hub, monkeypatch, settings, tmp_path):
    settings.ENVIRONMENT = "production"
    settings.AWS_CONNECT_TIMEOUT_SECONDS = 0.2
    config = tmp_path / "config"
    config.write_text("[default]\nendpoint_url = http://127.0.0.1:1\n")
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    with pytest.raises(AwsError) as caught:
        sessions.client(hub, REGION, "drs")
    assert "https://sts.us-east-1.amazonaws.com" in caught.value.message
