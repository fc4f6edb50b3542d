"""Jobs, logs and instances of DRS: what is asked, what is started and ended, and how the answers are read."""

import contextlib
from datetime import UTC, datetime

import pytest

from drsorch.aws import drs
from drsorch.aws.errors import AwsUnknown
from tests.aws.asking import soon
from tests.aws.scripted import says


def test_a_state_that_is_new_to_us_is_kept_as_it_is(aws, reader):
    aws.answers("DescribeJobs", says({"items": [{"jobID": "j", "status": "EXPLODED", "type": "NEW"}]}))
    [job] = drs.describe_jobs(reader)
    assert (job.status, job.type) == ("EXPLODED", "NEW")


def test_a_thousand_jobs_are_one_request(aws, reader):
    drs.describe_jobs(reader, [f"drsjob-{number:017d}" for number in range(1000)])
    assert [len(params["filters"]["jobIDs"]) for params in aws.asked("DescribeJobs")] == [1000]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: drs.describe_source_servers(client, []),
        lambda client: drs.describe_jobs(client, []),
        lambda client: drs.describe_jobs(client, [], since=soon()),
        lambda client: drs.describe_recovery_instances(client, server_ids=[]),
        lambda client: drs.describe_recovery_instances(client, instance_ids=[]),
    ],
)
def test_no_ids_are_no_question(aws, reader, ask):
    before = len(aws.received)
    assert ask(reader) == []
    assert len(aws.received) == before


def test_all_jobs_since_a_time_are_asked_with_the_z_form(aws, reader):
    drs.describe_jobs(reader, since=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC))
    assert aws.asked("DescribeJobs") == [{"filters": {"fromDate": "2026-01-02T03:04:05.678Z"}}]


def test_all_pages_are_read(aws, reader):
    aws.answers(
        "DescribeJobs",
        says({"items": [{"jobID": "one"}], "nextToken": "more"}),
        says({"items": [{"jobID": "two"}], "nextToken": None}),
    )
    assert [job.job_id for job in drs.describe_jobs(reader, ["drsjob-00000000000000001"])] == ["one", "two"]
    first, second = aws.asked("DescribeJobs")
    assert second == {**first, "nextToken": "more"}


def test_a_page_that_fails_fails_the_whole_list(aws, reader):
    aws.answers("DescribeJobs", says({"items": [{"jobID": "one"}], "nextToken": "more"}), says({}))
    with pytest.raises(AwsUnknown):
        drs.describe_jobs(reader)


def test_a_job_is_read_without_instance_and_with_tags_that_are_not_ours(aws, reader):
    item = {
        "jobID": "drsjob-1",
        "type": "LAUNCH",
        "status": "COMPLETED",
        "initiatedBy": "START_DRILL",
        "creationDateTime": "2024-09-16T04:42:46.324841+00:00",
        "participatingServers": [{"sourceServerID": "s-1", "launchStatus": "LAUNCHED"}],
        "tags": {"resourceArn": "arn:x"},
    }
    aws.answers("DescribeJobs", says({"items": [item]}))
    [job] = drs.describe_jobs(reader)
    assert job.servers == (drs.JobServer("s-1", "LAUNCHED", ""),)
    assert (job.ended_at, job.tags) == (None, {"resourceArn": "arn:x"})


def test_a_log_is_sorted_and_an_entry_has_the_same_digest_in_both_forms_of_time(aws, reader):
    end = {"event": "JOB_END", "eventData": {}, "logDateTime": "2024-09-16T05:00:00.000Z"}
    failed = {
        "event": "LAUNCH_FAILED",
        "logDateTime": "2024-09-16T04:42:46.500000+00:00",
        "eventData": {"sourceServerID": "s-1", "conversionServerID": "i-c", "rawError": "UnauthorizedOperation"},
    }
    again = {**failed, "logDateTime": "2024-09-16T04:42:46.500Z"}
    other = {**failed, "eventData": {**failed["eventData"], "attemptCount": 2}}
    aws.answers("DescribeJobLogItems", says({"items": [end, failed]}), says({"items": [again, other, end]}))
    first = drs.describe_job_log_items(reader, "drsjob-00000000000000001")
    second = drs.describe_job_log_items(reader, "drsjob-00000000000000001")
    assert [item.event for item in first] == ["LAUNCH_FAILED", "JOB_END"]
    assert (first[0].source_server_id, first[0].raw_error) == ("s-1", "UnauthorizedOperation")
    assert first[0].digest == second[0].digest
    assert len({item.digest for item in second}) == 3
    assert first[0].conversion_server_id == "i-c"


def test_a_recovery_instance_without_its_drill_mark_is_neither(aws, reader):
    aws.answers("DescribeRecoveryInstances", says({"items": [{"recoveryInstanceID": "i-1"}, {"isDrill": False}]}))
    assert [found.is_drill for found in drs.describe_recovery_instances(reader)] == [None, False]


def test_servers_and_instances_are_not_mixed_in_one_question(reader):
    with pytest.raises(AssertionError, match="not by both"):
        drs.describe_recovery_instances(reader, server_ids=["s"], instance_ids=["i"])


def test_a_start_names_servers_mode_and_tags(aws, once):
    aws.answers("StartRecovery", says({"job": {"jobID": "drsjob-1", "status": "PENDING"}}, status=202))
    job = drs.start_recovery(
        once, ["s-00000000000000001"], is_drill=True, tags={"drsorch:launch": "t"}, deadline=soon()
    )
    assert (job.job_id, job.status) == ("drsjob-1", "PENDING")
    assert aws.asked("StartRecovery") == [
        {
            "sourceServers": [{"sourceServerID": "s-00000000000000001"}],
            "isDrill": True,
            "tags": {"drsorch:launch": "t"},
        }
    ]


def test_a_start_without_tags_sends_none(aws, once):
    aws.answers("StartRecovery", says({"job": {"jobID": "drsjob-1"}}))
    drs.start_recovery(once, ["s-00000000000000001"], is_drill=False, tags={}, deadline=soon())
    assert "tags" not in aws.asked("StartRecovery")[0]


def test_a_terminate_names_its_instances(aws, once):
    aws.answers("TerminateRecoveryInstances", says({"job": {"jobID": "drsjob-2", "type": "TERMINATE"}}))
    assert drs.terminate_recovery_instances(once, ["i-00000000000000001"], deadline=soon()).type == "TERMINATE"
    assert aws.asked("TerminateRecoveryInstances") == [{"recoveryInstanceIDs": ["i-00000000000000001"]}]


def test_nothing_is_started_for_nobody(aws, once):
    with pytest.raises(AssertionError):
        drs.start_recovery(once, [], is_drill=True, tags=None, deadline=soon())
    with pytest.raises(AssertionError):
        drs.terminate_recovery_instances(once, [], deadline=soon())
    assert aws.asked("StartRecovery") == []


def test_members_that_are_new_are_said_once_and_harm_nothing(aws, reader, caplog):
    caplog.set_level("INFO", "drsorch.aws")
    server = {"sourceServerID": "s-1", "launchStatus": "PENDING", "warpFactor": 9}
    job = {"jobID": "drsjob-1", "gravity": {"a": 1}, "participatingServers": [server], "tags": {"a": "b"}}
    aws.answers("DescribeJobs", says({"items": [job], "somethingElse": None}))

    for _ in range(2):
        [found] = drs.describe_jobs(reader)

    assert (found.job_id, found.servers[0].launch_status) == ("drsjob-1", "PENDING")
    said = [record.getMessage() for record in caplog.records if "does not know" in record.getMessage()]
    assert said == [
        "AWS sent the member 'gravity' of Job, which this version does not know.",
        "AWS sent the member 'warpFactor' of ParticipatingServer, which this version does not know.",
        "AWS sent the member 'somethingElse' of DescribeJobsResponse, which this version does not know.",
    ]


@pytest.mark.parametrize("answer", [[], "text", 5, {"items": {"a": 1}}, {"items": [5, None]}])
def test_an_answer_of_another_form_is_no_crash_while_looking_for_new_members(aws, reader, answer):
    aws.answers("DescribeJobs", says(answer))
    with contextlib.suppress(AwsUnknown):
        assert drs.describe_jobs(reader) == []
