"""Every way in which a request can end, seen through real boto3 over HTTP."""

import json
import logging
import socket

import pytest

from drsorch.aws import calls, drs, sessions
from drsorch.aws.errors import (
    AwsConflict,
    AwsDenied,
    AwsError,
    AwsNotReady,
    AwsQuota,
    AwsRejected,
    AwsThrottled,
    AwsUnknown,
    AwsUnreachable,
)
from tests.aws.asking import read, soon, start
from tests.aws.scripted import EC2_ERROR, JOB, REGION, XML_ERROR, Reply, refuses, says, xml

REFUSALS = [
    ("ConflictException", 409, AwsConflict),
    ("IncorrectInstanceState", 400, AwsConflict),
    ("SomethingNewException", 409, AwsConflict),
    ("ServiceQuotaExceededException", 402, AwsQuota),
    ("ThrottlingException", 429, AwsThrottled),
    ("RequestLimitExceeded", 503, AwsThrottled),
    ("AccessDeniedException", 403, AwsDenied),
    ("ExpiredTokenException", 403, AwsDenied),
    ("InvalidSignatureException", 403, AwsDenied),
    ("UninitializedAccountException", 400, AwsNotReady),
    ("ValidationException", 400, AwsRejected),
    ("ResourceNotFoundException", 404, AwsRejected),
    ("SomethingNewException", 400, AwsRejected),
    ("NotImplemented", 501, AwsRejected),
    ("InternalServerException", 500, AwsUnknown),
    ("RequestTimeout", 400, AwsUnknown),
    ("SomethingNewException", 503, AwsUnknown),
]


@pytest.mark.parametrize(("code", "status", "kind"), REFUSALS)
def test_a_refused_start_is_classed_by_its_code_and_sent_once(aws, hub, code, status, kind):
    aws.answers("StartRecovery", refuses(code, status))
    with pytest.raises(AwsError) as caught:
        start(hub)
    error = caught.value
    assert type(error) is kind
    assert (error.aws_code, error.request_id, error.operation) == (code, "req-9", "StartRecovery")
    assert (error.account_id, error.region) == (hub.account_id, REGION)
    for words in ("StartRecovery", hub.account_id, REGION, code, "AWS says why."):
        assert words in error.message
    assert aws.count("StartRecovery") == 1


CUTS = [
    ("a reset connection", Reply(reset=True)),
    ("an answer slower than the read time-out", says(JOB, seconds=1.5)),
    ("a body cut short", Reply(json.dumps(JOB).encode(), missing=5)),
    ("a body that is cut, with a length that fits", Reply(json.dumps(JOB).encode()[:-5])),
    ("no body", Reply(b"")),
    ("a list where a map belongs", Reply(b"[]")),
    ("a page of a proxy", Reply(b"<html>", headers={"Content-Type": "text/html"})),
    ("a job that is a word", says({"job": "x"})),
    ("no job", says({})),
    ("a job without id", says({"job": {"status": "PENDING"}})),
    ("a gateway's 502", Reply(b"<html>", 502, {"Content-Type": "text/html"})),
    ("a redirect", Reply(b"", 302, {"Location": "http://127.0.0.1:1/"})),
]


@pytest.mark.parametrize("reply", [pytest.param(reply, id=name) for name, reply in CUTS])
def test_an_unclear_answer_to_a_start_is_unknown_and_not_sent_again(aws, hub, settings, reply):
    settings.AWS_ONCE_READ_TIMEOUT_SECONDS = 0.5
    aws.answers("StartRecovery", reply)
    with pytest.raises(AwsUnknown) as caught:
        start(hub)
    assert not isinstance(caught.value, AwsUnreachable)
    assert "may or may not have happened" in caught.value.message or "cannot be read" in caught.value.message
    assert aws.count("StartRecovery") == 1


@pytest.mark.parametrize("reply", [Reply(reset=True), refuses("ThrottlingException", 429), refuses("X", 500)])
def test_a_start_stays_single_whatever_the_environment_says_of_retries(aws, hub, monkeypatch, reply):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    aws.answers("StartRecovery", reply)
    with pytest.raises(AwsError):
        start(hub)
    assert aws.count("StartRecovery") == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(reset=True), AwsUnknown),
        (refuses("InternalServerException", 500), AwsUnknown),
        (refuses("ThrottlingException", 429), AwsThrottled),
    ],
)
def test_a_read_is_tried_three_times_at_most(aws, hub, reply, kind):
    aws.answers("DescribeJobs", reply)
    with pytest.raises(kind):
        read(hub)
    assert aws.count("DescribeJobs") == 3


def test_a_read_survives_one_bad_moment(aws, hub):
    aws.answers("DescribeJobs", Reply(reset=True), says({"items": [{"jobID": "drsjob-1"}]}))
    assert [job.job_id for job in read(hub)] == ["drsjob-1"]


@pytest.mark.parametrize(
    "reply", [Reply(b'{"items": [{"jobID": "dr'), Reply(b""), says({}), says({"items": None}), says({"items": "none"})]
)
def test_an_unreadable_list_is_never_taken_for_an_empty_one(aws, hub, reply):
    aws.answers("DescribeJobs", reply)
    with pytest.raises(AwsUnknown):
        read(hub)


@pytest.mark.parametrize("reply", [Reply(b'{"tags": {"Tier": "we'), Reply(b'{"tags": {}}', missing=4), Reply(b"")])
def test_a_cut_answer_is_never_taken_for_one_without_members(aws, hub, reply):
    aws.answers("tags", reply)
    with pytest.raises(AwsUnknown):
        drs.list_tags(sessions.client(hub, REGION, "drs"), "arn:aws:drs:us-east-1:111111111111:source-server/s-1")


def test_a_port_nobody_listens_on_is_unreachable_and_says_that_nothing_was_sent(aws, hub, monkeypatch):
    sessions.client(hub, REGION, "drs", once=True)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_DRS", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(AwsUnreachable, match="Nothing was sent") as caught:
            start(hub)
    assert (caught.value.status, caught.value.code) == (503, "AWS_UNAVAILABLE")


def test_every_start_opens_its_own_connection_and_reads_share_one(aws, hub):
    aws.answers("StartRecovery", says(JOB))
    for _ in range(3):
        start(hub)
        read(hub)
    peers = {name: {r.peer for r in aws.received if r.operation == name} for name in ("StartRecovery", "DescribeJobs")}
    assert len(peers["StartRecovery"]) == 3
    assert len(peers["DescribeJobs"]) == 1


def test_a_client_for_reads_cannot_start_anything(aws, hub):
    client = sessions.client(hub, REGION, "drs")
    with pytest.raises(AssertionError, match="once=True"):
        drs.start_recovery(client, ["s-00000000000000001"], is_drill=True, tags=None, deadline=soon())
    assert aws.count("StartRecovery") == 0


def test_invalid_input_is_a_refusal_before_anything_is_sent(aws, hub):
    with pytest.raises(AwsRejected, match="invalid"):
        drs.tag_resource(sessions.client(hub, REGION, "drs"), "arn:x", {"key": 5})
    assert aws.count("tags") == 0


def test_a_region_that_refuses_good_credentials_is_not_ready(aws, hub):
    aws.answers("DescribeSourceServers", refuses("UnrecognizedClientException", 403))
    client = sessions.client(hub, "ap-east-2", "drs")
    with pytest.raises(AwsNotReady, match="Enable Region ap-east-2"):
        drs.describe_source_servers(client)
    assert drs.is_initialized(client) is False


def test_credentials_that_sts_refuses_as_well_are_denied(aws, target):
    client = sessions.client(target, REGION, "drs")
    aws.answers("DescribeJobs", refuses("UnrecognizedClientException", 403))
    aws.answers("GetCallerIdentity", xml(XML_ERROR.format(code="InvalidClientTokenId", message="bad"), 403))
    with pytest.raises(AwsDenied, match="no longer valid"):
        drs.describe_jobs(client)


def test_a_refusal_stays_one_when_sts_cannot_say_more(aws, target):
    client = sessions.client(target, REGION, "drs", once=True)
    aws.answers("StartRecovery", refuses("UnrecognizedClientException", 403))
    aws.answers("GetCallerIdentity", Reply(reset=True))
    with pytest.raises(AwsDenied) as caught:
        drs.start_recovery(client, ["s-00000000000000001"], is_drill=True, tags=None, deadline=soon())
    assert caught.value.operation == "StartRecovery"


def test_an_error_of_ec2_is_read_from_its_xml(aws, hub):
    client = sessions.client(hub, REGION, "ec2")
    aws.answers("DescribeInstances", xml(EC2_ERROR.format(code="UnauthorizedOperation"), 403))
    with pytest.raises(AwsDenied) as caught:
        calls.call(client, "DescribeInstances")
    assert caught.value.aws_code == "UnauthorizedOperation"


def test_pages_that_go_round_in_a_circle_end(aws, hub):
    aws.answers("DescribeJobs", says({"items": [], "nextToken": "again"}))
    with pytest.raises(AwsUnknown, match="circle"):
        read(hub)
    assert aws.count("DescribeJobs") == 2


def test_every_call_writes_one_line_without_secrets(aws, hub, caplog):
    caplog.set_level(logging.INFO, "drsorch.aws")
    aws.answers("DescribeJobs", says({"items": []}), refuses("ValidationException"))
    read(hub)
    with pytest.raises(AwsRejected):
        read(hub)
    lines = [record for record in caplog.records if getattr(record, "operation", "") == "DescribeJobs"]
    assert [(line.outcome, line.aws_code, line.aws_request_id, line.attempts) for line in lines] == [
        ("ok", "", "req-1", 1),
        ("rejected", "ValidationException", "req-9", 1),
    ]
    assert all((line.account, line.region) == (hub.account_id, REGION) and line.duration_ms >= 0 for line in lines)
    assert "secret" not in caplog.text
    assert "AKIA" not in caplog.text


def test_throttling_by_aws_halves_our_rate_there_and_nowhere_else(aws, hub):
    aws.answers("StartRecovery", refuses("ThrottlingException", 429))
    with pytest.raises(AwsThrottled):
        start(hub)
    assert calls.LIMITER.share((hub.account_id, REGION, "drs")) == 0.5
    assert calls.LIMITER.share((hub.account_id, "eu-west-1", "drs")) == 1.0
