"""Which job a call with an unknown end has made."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from drsorch.aws.drs_answers import JobServer
from executions.decisions.reconciliation import CLOCK_SKEW, TOKEN_TAG, Sought, emptied, in_the_way, ours, told_by_log
from tests.executions.building import NOW

SOUGHT = Sought(
    token="ours",
    servers=frozenset({"s-1", "s-2"}),
    type="LAUNCH",
    initiated_by="START_DRILL",
    since=NOW,
    known=frozenset({"known"}),
)
# AWS adds a tag of its own to every job.
ARN = {"resourceArn": "arn:aws:drs:us-east-1:222222222222:job/drsjob-1"}


@dataclass(frozen=True)
class Job:
    job_id: str = "drsjob-1"
    status: str = "STARTED"
    type: str = "LAUNCH"
    initiated_by: str = "START_DRILL"
    created_at: object = NOW
    names: tuple = ("s-1", "s-2")
    more_tags: tuple = ()

    @property
    def tags(self):
        return ARN | dict(self.more_tags)

    @property
    def servers(self):
        return [JobServer(name, "PENDING", "") for name in self.names]


def tagged(token, **more):
    return Job(more_tags=((TOKEN_TAG, token),), **more)


FOUND = {
    "our token": (tagged("ours"), True),
    "our token with other servers, because the job has lost them": (tagged("ours", names=()), True),
    "another token with the same servers": (tagged("theirs"), False),
    "no token, the same servers": (Job(), True),
    "no token, the same servers in another order": (Job(names=("s-2", "s-1")), True),
    "no token, one server less": (Job(names=("s-1",)), False),
    "no token, one server more": (Job(names=("s-1", "s-2", "s-3")), False),
    "no token, a recovery instead of a drill": (Job(initiated_by="START_RECOVERY"), False),
    "no token, another type of job": (Job(type="TERMINATE"), False),
    "no token, long before the wave started": (Job(created_at=NOW - timedelta(minutes=6)), False),
    "no token, a little before by a clock that goes wrong": (Job(created_at=NOW - CLOCK_SKEW), True),
    "no token, no time": (Job(created_at=None), False),
    "a job that is known already": (tagged("ours", job_id="known"), False),
    "a job without a token that is known already": (Job(job_id="known"), False),
    "our token although the job has ended": (tagged("ours", status="COMPLETED"), True),
}


@pytest.mark.parametrize("case", FOUND)
def test_a_job_is_ours_by_token_else_by_exact_servers_and_initiator(case):
    job, expected = FOUND[case]

    assert ours([job], SOUGHT) == ([job] if expected else [])


def test_a_token_counts_more_than_servers():
    by_token, by_servers = tagged("ours", job_id="drsjob-2"), Job()

    assert ours([by_servers, by_token], SOUGHT) == [by_token]


def test_two_jobs_of_one_call_are_both_returned_the_older_one_first():
    newer, older = tagged("ours"), tagged("ours", job_id="drsjob-2", created_at=NOW - timedelta(seconds=1))

    assert ours([newer, older], SOUGHT) == [older, newer]


def test_a_job_that_looks_like_ours_is_somebody_elses_when_ours_was_refused():
    refused = replace(SOUGHT, may_exist=False)

    assert ours([Job()], refused) == []
    assert ours([tagged("ours")], refused) == [tagged("ours")]


IN_THE_WAY = {
    "a live job with one of the servers": (Job(names=("s-2", "s-9")), True),
    "a live job of another launch": (tagged("theirs", names=("s-1",)), True),
    "a live job with other servers": (Job(names=("s-9",)), False),
    "a job that has ended": (Job(status="COMPLETED"), False),
    "our own job": (tagged("ours"), False),
    "a termination that runs": (Job(initiated_by="TERMINATE_RECOVERY_INSTANCES", status="PENDING"), True),
}


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_a_live_job_of_somebody_else_is_in_the_way(case):
    job, expected = IN_THE_WAY[case]

    assert in_the_way([job], SOUGHT) == (job if expected else None)


PART = replace(SOUGHT, type="TERMINATE", initiated_by="", may_be_part=True)
PARTS = {
    "all the servers": (Job(type="TERMINATE"), True),
    "some of the servers": (Job(type="TERMINATE", names=("s-1",)), True),
    "another server too": (Job(type="TERMINATE", names=("s-1", "s-3")), False),
    "all the servers, and DRS does not say who started it": (Job(type="TERMINATE", initiated_by=""), True),
    "no servers": (Job(type="TERMINATE", names=()), False),
}


@pytest.mark.parametrize("case", PARTS)
def test_a_call_that_may_name_only_some_of_its_servers_has_made_a_job_of_some_of_them(case):
    job, expected = PARTS[case]

    assert ours([job], PART) == ([job] if expected else [])


EMPTIED = {
    "no servers any more": (Job(names=()), True),
    "still its servers": (Job(), False),
    "known already": (Job(names=(), job_id="known"), False),
    "another initiator": (Job(names=(), initiated_by="START_RECOVERY"), False),
    "another type": (Job(names=(), type="TERMINATE"), False),
    "before the call": (Job(names=(), created_at=NOW - timedelta(minutes=6)), False),
}


@pytest.mark.parametrize("case", EMPTIED)
def test_a_job_that_names_no_servers_any_more_may_be_the_calls_by_type_initiator_and_time(case):
    job, expected = EMPTIED[case]

    assert emptied([job], SOUGHT) == ([job] if expected else [])


# What the job's log names, and whether the job counts before, and after, no other can turn up any more.
LOGS = {
    "all the servers": ({"s-1", "s-2"}, True, True),
    "some of the servers": ({"s-1"}, True, True),
    "another server too": ({"s-1", "s-3"}, False, False),
    "another server": ({"s-3"}, False, False),
    "none": (set(), False, True),
}


@pytest.mark.parametrize("case", LOGS)
def test_the_log_of_a_job_that_names_no_servers_any_more_tells_whose_it_is(case):
    named, before, after = LOGS[case]
    job = Job(names=())
    logs = {job.job_id: frozenset(named)}

    assert told_by_log([job], logs, SOUGHT, may_be_silent=False) == ([job] if before else [])
    assert told_by_log([job], logs, SOUGHT, may_be_silent=True) == ([job] if after else [])


def test_a_job_whose_log_names_the_servers_comes_before_an_older_one_with_a_silent_log():
    silent, told = Job(names=(), job_id="silent"), Job(names=(), job_id="told")
    logs = {"silent": frozenset(), "told": frozenset({"s-1"})}

    assert told_by_log([silent, told], logs, SOUGHT, may_be_silent=True) == [told, silent]
