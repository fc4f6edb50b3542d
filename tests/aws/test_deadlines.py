"""The deadline of a start: after it nothing is sent, whatever took so long."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from drsorch.aws import drs, sessions
from drsorch.aws.errors import AwsThrottled, TooLate
from tests.aws.asking import soon, start
from tests.aws.scripted import JOB, REGION, says


def test_after_the_deadline_nothing_arrives(aws, hub):
    with pytest.raises(TooLate, match="Nothing was started"):
        start(hub, deadline=datetime.now(UTC) - timedelta(milliseconds=1))
    assert aws.count("StartRecovery") == 0


def test_the_deadline_is_checked_after_the_wait_for_the_signature(aws, hub):
    client = sessions.client(hub, REGION, "drs", once=True)
    deadline = datetime.now(UTC) + timedelta(seconds=0.3)

    def freeze(**_):
        threading.Event().wait(0.5)

    client.api.meta.events.register_last("before-sign", freeze)
    try:
        with pytest.raises(TooLate):
            drs.start_recovery(client, ["s-00000000000000001"], is_drill=True, tags=None, deadline=deadline)
    finally:
        client.api.meta.events.unregister("before-sign", freeze)
    assert aws.count("StartRecovery") == 0


def test_a_request_that_waited_for_our_limit_is_signed_after_the_wait(aws, hub, settings):
    settings.AWS_REQUESTS_PER_SECOND, settings.AWS_BURST = 0.5, 1
    client = sessions.client(hub, REGION, "drs")
    drs.describe_jobs(client)
    began = datetime.now(UTC)

    drs.describe_jobs(client)

    [_, waited] = [request for request in aws.received if request.operation == "DescribeJobs"]
    signed_at = datetime.strptime(waited.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    assert signed_at - began > timedelta(seconds=0.9)  # of two; a signature carries whole seconds


def test_a_deadline_without_time_zone_is_a_mistake_of_ours(aws, hub):
    with pytest.raises(AssertionError, match="time zone"):
        start(hub, deadline=datetime(2999, 1, 1))
    assert aws.count("StartRecovery") == 0


def test_deadlines_of_threads_do_not_mix(aws, hub):
    aws.answers("StartRecovery", says(JOB, seconds=0.05))
    outcomes: dict[int, str] = {}

    def run(number):
        late = number % 2
        try:
            start(hub, deadline=datetime.now(UTC) - timedelta(seconds=1) if late else soon())
            outcomes[number] = "sent"
        except TooLate:
            outcomes[number] = "late"

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {number: "late" if number % 2 else "sent" for number in range(12)}
    assert aws.count("StartRecovery") == 6


def test_our_own_limit_refuses_rather_than_wait_beyond_the_deadline(aws, hub, settings):
    settings.AWS_REQUESTS_PER_SECOND, settings.AWS_BURST = 0.05, 1
    aws.answers("StartRecovery", says(JOB))
    start(hub)
    before = datetime.now(UTC)
    with pytest.raises(AwsThrottled, match="our own limit"):
        start(hub, deadline=datetime.now(UTC) + timedelta(seconds=9))
    assert datetime.now(UTC) - before < timedelta(seconds=8)
    assert aws.count("StartRecovery") == 1
