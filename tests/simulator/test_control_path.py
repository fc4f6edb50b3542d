"""The control path: who may use it, what it refuses, and what it reports."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from drsorch.simulator.control import ControlError
from drsorch.simulator.control_app import refuse_strangers
from drsorch.simulator.errors import BadControlRequest
from tests.simulator.callers import (
    EAST,
    HUB,
    TARGET,
    WEST,
    hub_client,
    instances,
    launch,
    send,
    server_ids,
    start,
    target_client,
)


def test_health_says_world_and_time(simulator):
    first = simulator.health()
    simulator.advance(90)
    second = simulator.health()

    assert (first["status"], first["world"], first["speed"]) == ("ok", "minimal", 0)
    assert second["now"] - first["now"] == pytest.approx(90)


FOREIGN = {
    "the name of a web site": {"Host": "evil.example:{port}"},
    "a name that resolves to this machine": {"Host": "localtest.me:{port}"},
    "another port": {"Host": "127.0.0.1:1"},
    "no port": {"Host": "127.0.0.1"},
    "the origin of a web page": {"Origin": "http://evil.example"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
def test_the_control_path_refuses(simulator, headers):
    port = simulator.url.rpartition(":")[2]
    filled = {name: value.format(port=port) for name, value in headers.items()}
    status, _, answer = send(simulator, "POST", "/_sim/clock", b'{"advance": 5}', filled)

    assert status == 403
    assert answer["error"].startswith("The control path answers")


def test_the_control_path_refuses_other_machines():
    from_elsewhere = {"REMOTE_ADDR": "10.0.0.7", "HTTP_HOST": "127.0.0.1:4566", "SERVER_PORT": "4566"}
    with pytest.raises(BadControlRequest, match="this machine only"):
        refuse_strangers(from_elsewhere)


BAD_REQUESTS = [
    ("GET", "nothing", b"", 404, "There is no control path /_sim/nothing"),
    ("GET", "clock", b"", 405, "takes POST, not GET"),
    ("POST", "clock", b"{", 400, "not JSON"),
    ("POST", "clock", b"\xff", 400, "not JSON"),
    ("POST", "clock", b"[]", 400, "must be a JSON object"),
    ("POST", "clock", b'{"advance": -1}', 400, "advance must be a number"),
    ("POST", "clock", b'{"advance": NaN}', 400, "advance must be a number"),
    ("POST", "clock", b'{"speed": "fast"}', 400, "speed must be a number"),
    ("POST", "clock", b'{"tempo": 3}', 400, "There is no field tempo"),
    ("POST", "reset", b'{"world": "mars"}', 400, "There is no world 'mars'; known are demo, estate, minimal"),
    ("POST", "settings", b'{"quotas": {"jobs": 3}}', 400, "There is no setting quotas.jobs"),
    ("POST", "settings", b'{"quotas": 3}', 400, "must be a map"),
    ("POST", "settings", b'{"signature_window_seconds": "x"}', 400, "must be a number"),
    ("POST", "settings", b'{"visibility": {"job_arn_in_tags": 1}}', 400, "true or false"),
]


@pytest.mark.parametrize("case", BAD_REQUESTS, ids=[case[4] for case in BAD_REQUESTS])
def test_a_bad_control_request_gets_one_sentence(simulator, case):
    method, path, body, status, sentence = case
    answered, _, answer = send(simulator, method, f"/_sim/{path}", body)

    assert answered == status
    assert sentence in answer["error"]
    assert "\n" not in answer["error"]


def test_settings_change_together_or_not_at_all(simulator):
    with pytest.raises(ControlError):
        simulator.settings(signature_window_seconds=1, quotas={"nothing": 1})

    assert simulator.settings()["signature_window_seconds"] == 300


def test_requests_are_counted_in_total_and_by_place(simulator):
    simulator.reset_requests()
    hub_client("drs").describe_jobs()
    hub_client("drs", WEST).describe_jobs()
    target_client("ec2").describe_instances()

    counted = simulator.requests()
    assert counted["total"] == {"drs.DescribeJobs": 2, "ec2.DescribeInstances": 1, "sts.AssumeRole": 1}
    assert counted["by_place"][f"{HUB}/{WEST}"] == {"drs.DescribeJobs": 1}
    assert counted["by_place"][f"{TARGET}/{EAST}"] == {"ec2.DescribeInstances": 1}


def test_launches_are_counted_per_server_and_job(simulator, drs, ids):
    simulator.fail_server(HUB, EAST, ids[1])
    job = launch(simulator, drs, ids[:2], tags={"intent": "1"})
    again = start(drs, ids[:1])

    launches = simulator.launches()
    assert launches["jobs"] == {
        job["jobID"]: {"started": 2, "launched": 1},
        again["jobID"]: {"started": 1, "launched": 0},
    }
    assert launches["servers"][ids[0]] == {
        "account": HUB,
        "region": EAST,
        "started": 2,
        "launched": 1,
        "jobs": [job["jobID"], again["jobID"]],
    }
    assert [(entry["status"], entry["tags"]) for entry in simulator.jobs()] == [
        ("COMPLETED", {"intent": "1"}),
        ("PENDING", {}),
    ]


def test_a_reset_leaves_nothing_behind(simulator, drs, ids, ec2):
    sns = hub_client("sns")
    sns.create_topic(Name="left-over")
    hub_client("iam").create_user(UserName="left-over")
    ec2.create_security_group(GroupName="left-over", Description="x")
    launch(simulator, drs, ids[:1])
    simulator.fault(kind="throttle", operation="DescribeJobs")
    simulator.settings(quotas={"concurrent_jobs": 1})
    simulator.reset()

    assert simulator.jobs() == []
    assert simulator.faults() == []
    assert simulator.settings()["quotas"]["concurrent_jobs"] == 20
    assert simulator.requests()["total"] == {}
    assert instances(drs) == []
    assert ec2.describe_instances()["Reservations"] == []
    assert [group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]] == ["default"]
    assert sns.list_topics()["Topics"] == []
    assert [user["UserName"] for user in hub_client("iam").list_users()["Users"]] == ["drsorch-hub"]


def test_a_session_from_before_a_reset_is_unknown_afterwards(simulator):
    drs = target_client("drs")
    simulator.reset()

    with pytest.raises(drs.exceptions.ClientError, match="UnrecognizedClientException"):
        drs.describe_jobs()


def test_everything_answers_json_that_survives_a_round_trip(simulator):
    for path in ("health", "world", "faults", "requests", "jobs", "launches"):
        status, headers, answer = send(simulator, "GET", f"/_sim/{path}")
        assert (status, headers["Content-Type"]) == (200, "application/json")
        assert json.loads(json.dumps(answer)) == answer


def test_starts_and_readers_at_the_same_time_do_not_disturb_each_other(simulator, drs, ids, ec2):
    simulator.clock(speed=3000)

    def read(_number):
        return len(drs.describe_jobs()["items"]) + len(ec2.describe_instances()["Reservations"])

    with ThreadPoolExecutor(8) as pool:
        reading = pool.map(read, range(60))
        started = list(pool.map(lambda server_id: start(drs, [server_id])["jobID"], ids))
        assert all(count >= 0 for count in reading)
    simulator.advance(600)

    assert len(set(started)) == 6
    assert len(ec2.describe_instances()["Reservations"]) == 6


def test_of_two_starts_of_one_server_at_the_same_moment_one_wins(simulator):
    drs, (first, *_) = hub_client("drs"), server_ids(simulator)

    def attempt(_number):
        try:
            return start(drs, [first])["jobID"]
        except drs.exceptions.ConflictException:
            return None

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert len([job for job in outcomes if job]) == 1
    assert len(simulator.jobs()) == 1
