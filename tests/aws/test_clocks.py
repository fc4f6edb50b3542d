"""AWS's clock is not ours: it is read from every answer."""

from datetime import UTC, datetime, timedelta

from drsorch.aws.clocks import Clocks

KEY, OTHER = ("111111111111", "us-east-1", "drs"), ("111111111111", "eu-west-1", "drs")
MOMENT = timedelta(seconds=2)


def test_a_clock_that_is_ahead_or_behind_is_known_from_its_last_answer():
    clocks = Clocks()
    clocks.learn(KEY, {"date": "Thu, 01 Jan 2099 00:00:00 GMT"})
    assert abs(clocks.now(KEY) - datetime(2099, 1, 1, tzinfo=UTC)) < MOMENT

    clocks.learn(KEY, {"date": "Sat, 01 Jan 2011 00:00:00 -0000"})
    assert abs(clocks.now(KEY) - datetime(2011, 1, 1, tzinfo=UTC)) < MOMENT


def test_where_nothing_readable_was_heard_our_own_clock_stands():
    clocks = Clocks()
    for headers in ({}, {"date": "yesterday"}, {"date": ""}):
        clocks.learn(KEY, headers)
    clocks.learn(OTHER, {"date": "Thu, 01 Jan 2099 00:00:00 GMT"})
    assert abs(clocks.now(KEY) - datetime.now(UTC)) < MOMENT

    clocks.forget()
    assert abs(clocks.now(OTHER) - datetime.now(UTC)) < MOMENT
