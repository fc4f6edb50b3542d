"""Requests that break AWS's model are refused with the fields named, and so would our own answers be."""

import json

import pytest

from drsorch.simulator.checks import check_input, check_output, compile_check
from drsorch.simulator.errors import AwsError
from drsorch.simulator.model import SERVICE, find_error_shape
from drsorch.simulator.operations import OPERATIONS
from drsorch.simulator.wire import drs_error_reply
from tests.simulator.callers import hub_client, signed_call

ID = "s-0123456789abcdef0"

BAD_INPUTS = [
    ("a required member is missing", "StartRecovery", {}, "sourceServers"),
    ("a required member is null", "StartRecovery", {"sourceServers": None}, "sourceServers"),
    ("an optional member is null", "DescribeJobs", {"maxResults": None}, "maxResults"),
    ("a member is unknown", "DescribeJobs", {"maxresults": 5}, "maxresults"),
    ("a nested member is unknown", "DescribeJobs", {"filters": {"jobs": []}}, "filters.jobs"),
    ("a map stands where a list belongs", "StartRecovery", {"sourceServers": {}}, "sourceServers"),
    ("a list stands where a map belongs", "DescribeJobs", {"filters": []}, "filters"),
    (
        "a string stands where a boolean belongs",
        "StartRecovery",
        {"sourceServers": [{"sourceServerID": ID}], "isDrill": "yes"},
        "isDrill",
    ),
    ("a boolean stands where a number belongs", "DescribeJobs", {"maxResults": True}, "maxResults"),
    ("a fraction stands where a whole number belongs", "DescribeJobs", {"maxResults": 1.5}, "maxResults"),
    ("a number is below its range", "DescribeJobs", {"maxResults": 0}, "maxResults"),
    ("a number is too large for its type", "DescribeJobs", {"maxResults": 2**31}, "maxResults"),
    (
        "an id does not match its pattern",
        "StartRecovery",
        {"sourceServers": [{"sourceServerID": "x" * 19}]},
        "sourceServers[0].sourceServerID",
    ),
    (
        "an id is too long",
        "StartRecovery",
        {"sourceServers": [{"sourceServerID": ID + "0"}]},
        "sourceServers[0].sourceServerID",
    ),
    ("a text is too long", "DescribeSourceServers", {"filters": {"hardwareId": "x" * 257}}, "filters.hardwareId"),
    ("a list is empty that must not be", "StartRecovery", {"sourceServers": []}, "sourceServers"),
    ("a list is too long", "StartRecovery", {"sourceServers": [{"sourceServerID": ID}] * 201}, "sourceServers"),
    (
        "a timestamp is in local time",
        "DescribeJobs",
        {"filters": {"fromDate": "2024-09-16T04:42:46+02:00"}},
        "filters.fromDate",
    ),
    ("a day does not exist", "DescribeJobs", {"filters": {"fromDate": "2024-02-30T04:42:46Z"}}, "filters.fromDate"),
    (
        "a tag value is a number",
        "StartRecovery",
        {"sourceServers": [{"sourceServerID": ID}], "tags": {"a": 1}},
        "tags.a",
    ),
    (
        "a tag value is half a surrogate pair",
        "StartRecovery",
        {"sourceServers": [{"sourceServerID": ID}], "tags": {"a": "\ud800"}},
        "tags.a",
    ),
    ("a page token was never given out", "DescribeJobs", {"nextToken": "abc"}, "nextToken"),
    ("a page token is not even text", "DescribeJobs", {"nextToken": "/w=="}, "nextToken"),
]


@pytest.mark.parametrize(("why", "operation", "members", "field"), BAD_INPUTS, ids=[case[0] for case in BAD_INPUTS])
def test_a_request_is_refused_when(simulator, why, operation, members, field):
    status, headers, document = signed_call(simulator, f"/{operation}", json.dumps(members).encode())

    assert (status, headers["x-amzn-ErrorType"]) == (400, "ValidationException")
    assert field in [entry["name"] for entry in document["fieldList"]]
    assert document["reason"] == "fieldValidationFailed"


BROKEN_BODIES = {
    "broken JSON": b'{"maxResults":',
    "bytes that are no UTF-8": b'{"nextToken": "\xff"}',
    "JSON in UTF-16": '{"maxResults": 1}'.encode("utf-16"),
    "a list": b"[]",
    "a string": b'"DescribeJobs"',
    "null": b"null",
    "not-a-number": b'{"maxResults": NaN}',
    "a very deep list": b"[" * 100_000,
}


@pytest.mark.parametrize("body", BROKEN_BODIES.values(), ids=BROKEN_BODIES.keys())
def test_a_body_cannot_be(simulator, body):
    status, headers, document = signed_call(simulator, "/DescribeJobs", body)

    assert (status, headers["x-amzn-ErrorType"], document["reason"]) == (400, "ValidationException", "cannotParse")


def test_an_empty_body_means_no_members(simulator):
    status, _, document = signed_call(simulator, "/DescribeJobs", b"")

    assert (status, document) == (200, {"items": []})


@pytest.mark.parametrize("length", ["-1", "many", "²", "99999999999"])
def test_a_content_length_that_makes_no_sense_is_refused(simulator, length):
    status, _, _ = signed_call(simulator, "/DescribeJobs", headers={"Content-Length": length})

    assert status == 400


def test_an_operation_that_is_not_imitated_answers_501_with_its_name(drs):
    with pytest.raises(drs.exceptions.ClientError) as refused:
        drs.create_recovery_plan(name="Not here")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "drs:CreateRecoveryPlan" in str(refused.value)


def test_a_path_that_drs_does_not_have_answers_404(simulator):
    status, headers, _ = signed_call(simulator, "/DescribeEverything")

    assert (status, headers["x-amzn-ErrorType"]) == (404, "UnknownOperationException")


def test_an_operation_of_another_service_that_moto_lacks_answers_501(simulator):
    ssm = hub_client("ssm")

    with pytest.raises(ssm.exceptions.ClientError) as refused:
        ssm.send_automation_signal(AutomationExecutionId="0" * 36, SignalType="Approve")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "SendAutomationSignal" in str(refused.value)


BAD_ANSWERS = [
    ("an unknown member", {"jobs": []}, "jobs"),
    ("a missing required member", {"items": [{}]}, "items[0].jobID"),
    (
        "a status that DRS does not have",
        {"items": [{"jobID": "drsjob-" + "0" * 17, "status": "FAILED"}]},
        "items[0].status",
    ),
    ("a null", {"nextToken": None}, "nextToken"),
]


@pytest.mark.parametrize(("why", "answer", "path"), BAD_ANSWERS, ids=[case[0] for case in BAD_ANSWERS])
def test_an_answer_of_ours_must_not_hold(why, answer, path):
    shape = SERVICE.operation_model("DescribeJobs").output_shape

    assert [problem.path for problem in check_output(shape, answer)] == [path]


def test_an_answer_that_breaks_the_model_is_a_500_that_says_simulator_bug(simulator, monkeypatch):
    monkeypatch.setitem(OPERATIONS, "DescribeJobs", lambda call: {"items": [{"status": "DONE"}]})

    status, _, document = signed_call(simulator, "/DescribeJobs")

    assert status == 500
    assert "simulator bug" in document["message"]


def test_an_error_that_breaks_its_model_is_noticed():
    with pytest.raises(AssertionError, match="breaks its model"):
        drs_error_reply(AwsError("ConflictException", "busy", resource="s-1"))


def test_answers_may_carry_the_timestamps_of_the_field_but_requests_may_not():
    shape = SERVICE.shape_for("DescribeJobsRequestFilters")
    filters = {"fromDate": "2024-09-16T04:42:46.324841+00:00"}

    assert check_input(shape, filters)
    assert not check_output(shape, filters)


def test_every_shape_of_the_model_can_be_checked():
    for name in SERVICE.operation_names:
        operation = SERVICE.operation_model(name)
        for shape in (operation.input_shape, operation.output_shape):
            if shape is not None:
                assert callable(compile_check(shape, True))


def test_every_error_code_of_the_simulator_is_in_the_model():
    for code in ("ConflictException", "ServiceQuotaExceededException", "ResourceNotFoundException"):
        assert find_error_shape(code) is not None
    assert find_error_shape("SourceServer") is None
