"""A Region that does not answer: asked by one request at a time, and nobody waits for it."""

import socket
import threading
import time

import pytest

from drsorch.aws import calls, drs, ec2, sessions
from drsorch.aws.breaker import LONGEST_PAUSE_SECONDS, Breaker, Refusal
from drsorch.aws.budget import budget, left
from drsorch.aws.errors import AwsError, AwsUnknown, AwsUnreachable
from tests.aws.asking import read
from tests.aws.scripted import REGION, Reply, refuses, says

KEY, OTHER = ("111111111111", "us-east-1", "drs"), ("111111111111", "eu-west-1", "drs")


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock)


def miss(breaker, times=1):
    for _ in range(times):
        breaker.missed(KEY, "ReadTimeoutError", limit=3)


def admit(breaker, key=KEY):
    return breaker.admit(key, limit=3)


def test_a_place_is_asked_as_usual_until_it_was_silent_three_times_in_a_row(breaker):
    for _ in range(2):
        miss(breaker)
        assert admit(breaker) is False
    miss(breaker)

    refusal = admit(breaker)
    assert isinstance(refusal, Refusal)
    assert "3 times in a row (ReadTimeoutError). One request is let through at " in str(refusal)
    assert admit(breaker, OTHER) is False


def test_a_place_that_answers_between_two_silences_is_not_silent(breaker):
    miss(breaker, 2)
    breaker.heard(KEY)
    miss(breaker, 2)
    assert admit(breaker) is False


def test_one_request_at_a_time_finds_out(breaker, clock):
    miss(breaker, 3)
    clock.now += 2
    assert admit(breaker) is True
    assert str(admit(breaker)).endswith("One request is finding out now.")
    breaker.settle(KEY)  # it was not sent after all
    assert admit(breaker) is True


def test_the_pause_doubles_with_every_miss_up_to_a_minute(breaker, clock):
    miss(breaker, 3)
    pauses = []
    for _ in range(7):
        before = clock.now
        while admit(breaker) is not True:
            clock.now += 1
        pauses.append(clock.now - before)
        miss(breaker)
        breaker.settle(KEY)
    assert pauses == [2, 4, 8, 16, 32, 60, LONGEST_PAUSE_SECONDS]


def test_any_answer_ends_the_silence(breaker, clock):
    miss(breaker, 20)
    breaker.heard(KEY)
    breaker.settle(KEY)
    assert admit(breaker) is False


@pytest.fixture
def black_hole():
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hole:
        yield f"http://127.0.0.1:{hole.getsockname()[1]}"


@pytest.fixture
def silent(aws, hub, settings, monkeypatch, black_hole):
    """A place whose DRS does not answer; its STS does."""
    settings.AWS_READ_TIMEOUT_SECONDS = 0.1
    monkeypatch.setenv("AWS_ENDPOINT_URL_DRS", black_hole)
    return hub


def test_a_region_that_swallows_packets_costs_a_moment_and_then_nothing(silent):
    with pytest.raises(AwsUnknown, match="timeout"):
        read(silent)

    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(AwsUnreachable) as caught:
            read(silent)
    assert time.monotonic() - began < 1  # each would be 0.3 s and more
    for words in (silent.account_id, REGION, "was not sent: drs there has not answered since", "3 times in a row"):
        assert words in caught.value.message


def test_another_region_and_another_service_are_asked_as_usual(silent, aws, monkeypatch):
    with pytest.raises(AwsError):
        read(silent)
    monkeypatch.delenv("AWS_ENDPOINT_URL_DRS")

    assert read(silent, "eu-west-1") == []
    aws.answers("DescribeInstances", refuses("UnauthorizedOperation", 403))
    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        ec2.describe_instances(sessions.client(silent, REGION, "ec2"), ["i-1"])


def test_a_place_that_answers_again_is_asked_as_usual(aws, hub, settings):
    settings.AWS_READ_TIMEOUT_SECONDS = 0.1
    aws.answers("DescribeJobs", Reply(seconds=0.3))
    with pytest.raises(AwsUnknown):
        read(hub)
    with pytest.raises(AwsUnreachable):
        read(hub)
    aws.answers("DescribeJobs", refuses("ValidationException"), says({"items": []}))
    key = (hub.account_id, REGION, "drs")
    calls.BREAKER._silent[key].probe_at = 0.0  # the pause is over

    with pytest.raises(AwsError, match="AWS says why"):
        read(hub)

    assert read(hub) == []


def test_refusals_and_broken_connections_are_no_silence(aws, hub):
    aws.answers("DescribeJobs", Reply(reset=True))
    for _ in range(2):
        with pytest.raises(AwsUnknown) as caught:
            read(hub)
        assert not isinstance(caught.value, AwsUnreachable)
    aws.answers("DescribeJobs", refuses("ThrottlingException", 429))
    with pytest.raises(AwsError):
        read(hub)
    aws.answers("DescribeJobs", says({"items": []}))
    assert read(hub) == []


def test_a_piece_of_work_that_has_asked_for_too_long_sends_nothing_more(aws, hub):
    sessions.client(hub, REGION, "drs")
    with budget(0.5):
        assert read(hub) == []
        time.sleep(left() + 0.01)
        with pytest.raises(AwsUnreachable, match="this piece of work has asked AWS for too long"):
            read(hub)
    assert aws.count("DescribeJobs") == 1
    assert read(hub) == []


def test_the_pages_of_a_list_and_the_tries_of_a_request_share_the_budget(aws, hub):
    client = sessions.client(hub, REGION, "drs")
    pages = [says({"items": [], "nextToken": str(number)}, seconds=0.25) for number in range(100)]
    aws.answers("DescribeJobs", *pages)
    with budget(1), pytest.raises(AwsUnreachable):
        drs.describe_jobs(client)
    assert 2 <= aws.count("DescribeJobs") <= 5


def test_an_inner_budget_does_not_prolong_the_outer():
    with budget(5), budget(50):
        assert left() <= 5
    assert left() == float("inf")


def test_threads_have_budgets_of_their_own():
    found = []
    with budget(5):
        thread = threading.Thread(target=lambda: found.append(left()))
        thread.start()
        thread.join()
    assert found == [float("inf")]
