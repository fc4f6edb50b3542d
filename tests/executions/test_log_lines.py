"""One line per tick, poll and call to AWS: who, how long, how it ended, and no secret."""

import json
import logging

import pytest

from drsorch.logs import JsonFormatter
from tests.executions.driving import step

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    """What was logged since, as it is written."""
    caplog.set_level(logging.INFO)
    return lambda: [json.loads(JsonFormatter().format(record)) for record in caplog.records]


def test_every_tick_poll_and_call_writes_a_line(drill, lines, caplog):
    caplog.clear()
    step()

    ticks = [line for line in lines() if line["logger"] == "executions.engine"]
    polls = [line for line in lines() if line["logger"] == "executions.poll"]
    calls = [line for line in lines() if line["logger"] == "drsorch.aws"]
    assert {line["execution"] for line in ticks} == {str(drill.pk)}
    assert "Begin()" in ticks[0]["actions"]
    [poll] = polls
    assert (poll["account"], poll["region"], poll["jobs"], poll["problem"]) == ("222222222222", "us-east-1", 1, "")
    assert [line["operation"] for line in calls] == ["StartRecovery", "DescribeJobs", "DescribeJobLogItems"]
    for line in (*ticks, *polls, *calls):
        assert line["time"].endswith("Z")
        assert line["level"] == "INFO"
        assert line["outcome"] == "ok"
        assert line["duration_ms"] >= 0
        assert line["actor"] == "engine"
    assert calls[0]["execution"] == str(drill.pk)
    assert all(call["aws_request_id"] for call in calls)


def test_a_poll_that_fails_says_so_in_its_line(drill, aws, lines, caplog):
    aws.fault(kind="denied", operation="DescribeJobs")
    caplog.clear()
    step()

    [poll] = [line for line in lines() if line["logger"] == "executions.poll"]
    assert "AccessDeniedException" in poll["problem"]


def test_no_line_has_a_secret(drill, place, lines):
    step()

    written = json.dumps(lines())
    for secret in (place.external_id, "practice-only-secret"):
        assert secret
        assert secret not in written
