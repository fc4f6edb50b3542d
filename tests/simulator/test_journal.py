"""The journal: what was answered before the endpoint was killed is there after it was started again."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from drsorch.simulator.control import SimulatorControl
from drsorch.simulator.counters import RequestCounters
from drsorch.simulator.journal import Journal, JournalBroken
from drsorch.simulator.server import serve_in_thread
from drsorch.simulator.worlds.minimal import EXTERNAL_ID
from tests.simulator.callers import (
    EAST,
    HUB,
    LONG_ENOUGH,
    ROLE_ARN,
    TARGET,
    WEST,
    assume,
    hub_client,
    instances,
    refusal,
    server_ids,
    session_client,
    start,
    statuses,
)

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


class Endpoint:
    """A simulator with a journal in this process. Stopping it saves nothing, so that it is as good as killed."""

    def __init__(self, journal, monkeypatch):
        self.journal, self._monkeypatch = journal, monkeypatch
        self.start()

    def start(self):
        self._running = serve_in_thread("minimal", 0, getattr(self, "port", 0), journal=self.journal)
        self._answers_at(self._running.url)

    def _answers_at(self, url):
        self.control, self.port = SimulatorControl(url), int(url.rpartition(":")[2])
        self._monkeypatch.setenv("AWS_ENDPOINT_URL", url)

    def kill(self):
        if self._running is not None:
            self._running.stop()
            self._running = None

    def restart(self):
        self.kill()
        self.start()


class EndpointProcess(Endpoint):
    """A simulator in a process of its own, which can be killed at any moment."""

    def start(self):
        self._process = subprocess.Popen(
            [
                *(sys.executable, str(MANAGE), "simulator", "--port", "0", "--world", "minimal", "--speed", "0"),
                *("--journal", str(self.journal)),
            ],
            env={**os.environ, "DRSORCH_ENVIRONMENT": "test", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline()
        assert line, self._process.stderr.read()
        self._answers_at(line.split()[6])

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate(timeout=20)


@pytest.fixture
def endpoint(tmp_path, monkeypatch, simulator):  # simulator: for the credentials in the environment
    running = Endpoint(tmp_path / "journal", monkeypatch)
    yield running
    running.kill()


@pytest.fixture
def process(tmp_path, monkeypatch, simulator):
    running = EndpointProcess(tmp_path / "journal", monkeypatch)
    yield running
    running.kill()


def test_a_killed_endpoint_goes_on_in_the_middle_of_a_job(process):
    control = process.control
    ids = server_ids(control)
    drs, ec2 = hub_client("drs"), hub_client("ec2")
    first = launch(control, drs, ids[:1], tags={"intent": "1"})
    machine = instances(drs)[0]["ec2InstanceID"]
    subnets = sorted(entry["SubnetId"] for entry in ec2.describe_subnets()["Subnets"])
    second = start(drs, ids[1:4], isDrill=True, tags={"intent": "2"})
    control.advance(60)
    control.fault(kind="throttle", operation="DescribeJobs", times=3)
    assert code(drs.describe_jobs) == "ThrottlingException"
    drs.tag_resource(resourceArn=drs.describe_source_servers()["items"][5]["arn"], tags={"Colour": "red"})
    session = assume()["Credentials"]
    session_client("drs", session).describe_source_servers()
    before = {"now": control.health()["now"], "requests": control.requests(), "jobs": control.jobs()}

    process.restart()
    control = process.control
    drs, ec2 = hub_client("drs"), hub_client("ec2")

    assert control.requests() == before["requests"]
    assert control.jobs() == before["jobs"]
    assert control.health()["now"] == before["now"]
    assert [(rule["times"], rule["hits"]) for rule in control.faults()] == [(3, 1)]
    assert code(drs.describe_jobs) == "ThrottlingException"
    assert code(drs.describe_jobs) == "ThrottlingException"
    assert statuses(drs, first["jobID"])[0] == "COMPLETED"
    assert statuses(drs, second["jobID"]) == ("STARTED", ["PENDING"] * 3)
    assert [entry["ec2InstanceID"] for entry in instances(drs)] == [machine]
    assert sorted(entry["SubnetId"] for entry in ec2.describe_subnets()["Subnets"]) == subnets
    assert drs.describe_source_servers()["items"][5]["tags"]["Colour"] == "red"
    assert session_client("drs", session).describe_source_servers()["items"]
    control.advance(LONG_ENOUGH)
    assert statuses(drs, second["jobID"]) == ("COMPLETED", ["LAUNCHED"] * 3)


def test_an_endpoint_that_is_killed_again_and_again_shows_the_same_instances(endpoint):
    drs, ids = hub_client("drs"), server_ids(endpoint.control)
    launch(endpoint.control, drs, ids)
    launched = {entry["sourceServerID"]: entry["ec2InstanceID"] for entry in instances(drs)}
    hub_client("ec2").stop_instances(InstanceIds=[launched[ids[0]]])
    for _ in range(2):
        endpoint.restart()
        drs = hub_client("drs")
        assert {entry["sourceServerID"]: entry["ec2InstanceID"] for entry in instances(drs)} == launched
    states = {entry["sourceServerID"]: entry["ec2InstanceState"] for entry in instances(drs)}
    assert states == {ids[0]: "STOPPED", **dict.fromkeys(ids[1:], "RUNNING")}
    drs.terminate_recovery_instances(recoveryInstanceIDs=[launched[ids[0]]])
    endpoint.control.advance(LONG_ENOUGH)
    endpoint.restart()
    assert launched[ids[0]] not in [entry["ec2InstanceID"] for entry in instances(hub_client("drs"))]


def test_what_happened_without_an_answer_is_kept_as_well(endpoint):
    drs, ids = hub_client("drs"), server_ids(endpoint.control)
    endpoint.control.fault(kind="error_after", operation="StartRecovery", times=1)
    endpoint.control.fail_server(HUB, EAST, ids[0], at="CONVERSION")
    assert code(start, drs, ids[:2], tags={"intent": "7"}) == "InternalServerException"
    endpoint.restart()
    endpoint.control.advance(LONG_ENOUGH)

    (job,) = endpoint.control.jobs()
    assert (job["tags"], job["servers"]) == ({"intent": "7"}, {ids[0]: "FAILED", ids[1]: "LAUNCHED"})
    assert [rule["hits"] for rule in endpoint.control.faults()] == [1, 1]


def test_control_requests_are_kept(endpoint):
    control = endpoint.control
    control.settings(quotas={"concurrent_jobs": 3}, visibility={"job_arn_in_tags": False})
    control.deny(TARGET, "drs:StartRecovery")
    control.region(HUB, WEST, initialized=False)
    control.clock(speed=1000)
    expired = assume()["Credentials"]
    control.expire()
    endpoint.restart()
    control = endpoint.control

    assert control.settings()["quotas"]["concurrent_jobs"] == 3
    assert control.health()["speed"] == 1000
    assert code(hub_client("drs", WEST).describe_jobs) == "UninitializedAccountException"
    assert code(session_client("drs", expired).describe_jobs) == "ExpiredTokenException"
    drs = session_client("drs", assume()["Credentials"])
    denied = refusal(start, drs, server_ids(control, TARGET)[:1])
    assert denied["Error"]["Code"] == "AccessDeniedException"


def test_time_goes_on_while_the_endpoint_is_down(endpoint):
    endpoint.control.clock(speed=300)
    job = start(hub_client("drs"), server_ids(endpoint.control)[:1])
    killed_at = endpoint.control.health()["now"]
    endpoint.restart()
    assert endpoint.control.health()["now"] > killed_at
    deadline = time.monotonic() + 10
    while statuses(hub_client("drs"), job["jobID"])[0] != "COMPLETED" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert statuses(hub_client("drs"), job["jobID"]) == ("COMPLETED", ["LAUNCHED"])


def test_reading_leaves_no_line(endpoint):
    control = endpoint.control
    launch(control, hub_client("drs"), server_ids(control))
    size = endpoint.journal.stat().st_size
    hub_client("drs").describe_jobs()
    hub_client("drs").describe_recovery_instances()
    hub_client("ec2").describe_instances()
    hub_client("sts").get_caller_identity()
    hub_client("iam").list_roles()
    control.jobs()

    assert endpoint.journal.stat().st_size == size


def test_a_last_line_that_was_half_written_is_cut_off(endpoint):
    job = start(hub_client("drs"), server_ids(endpoint.control)[:1])
    endpoint.kill()
    whole = endpoint.journal.read_bytes()
    endpoint.journal.write_bytes(whole + b'{"do":"call","v":17')
    endpoint.start()

    assert [entry["jobID"] for entry in endpoint.control.jobs()] == [job["jobID"]]
    assert endpoint.journal.read_bytes() == whole


def test_a_reset_begins_the_journal_anew(endpoint):
    start(hub_client("drs"), server_ids(endpoint.control)[:1])
    endpoint.control.reset("estate", speed=0, accounts=2, regions=1, servers=3)
    endpoint.restart()

    assert endpoint.control.health()["world"] == "estate"
    assert endpoint.control.jobs() == []
    assert len(endpoint.journal.read_text().splitlines()) == 1


def test_other_services_come_back_with_their_ids(endpoint):
    hub_client("sns").create_topic(Name="alerts")
    queue = hub_client("sqs").create_queue(QueueName="alerts")["QueueUrl"]
    group = hub_client("ec2").create_security_group(GroupName="web", Description="x")["GroupId"]
    user = hub_client("iam").create_user(UserName="eve")["User"]["UserId"]
    hub_client("ssm").put_parameter(Name="/a", Value="1", Type="String")
    endpoint.restart()

    assert [entry["TopicArn"].rpartition(":")[2] for entry in hub_client("sns").list_topics()["Topics"]] == ["alerts"]
    assert hub_client("sqs").list_queues()["QueueUrls"] == [queue]
    assert hub_client("ec2").describe_security_groups(GroupNames=["web"])["SecurityGroups"][0]["GroupId"] == group
    assert hub_client("iam").get_user(UserName="eve")["User"]["UserId"] == user
    assert hub_client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "1"


BROKEN = [
    (b"not json\n", "Line 1 of the journal"),
    (b'{"do":"call"}\n', "is no journal of this version"),
    (b'{"do":"begin","format":99}\n', "is no journal of this version"),
]


@pytest.mark.parametrize(("content", "sentence"), BROKEN, ids=[case[0].decode().strip() for case in BROKEN])
def test_a_file_that_is_no_journal_is_refused(tmp_path, content, sentence):
    path = tmp_path / "journal"
    path.write_bytes(content)

    with pytest.raises(JournalBroken, match=sentence):
        Journal(path).read()
    assert path.read_bytes() == content


def test_two_endpoints_cannot_share_a_journal(tmp_path):
    first = Journal(tmp_path / "journal")
    with pytest.raises(JournalBroken, match="in use by another simulator"):
        Journal(tmp_path / "journal")
    first.close()
    Journal(tmp_path / "journal").close()


def test_a_past_that_comes_out_otherwise_is_refused(endpoint):
    start(hub_client("drs"), server_ids(endpoint.control)[:1])
    endpoint.kill()
    lines = endpoint.journal.read_text().splitlines()
    changed = [json.dumps({**json.loads(line), "seed": "other"}) for line in lines]
    endpoint.journal.write_text("\n".join([*changed, ""]))

    with pytest.raises(JournalBroken, match="does not come out as before"):
        endpoint.start()


def test_counters_are_read_again_up_to_a_torn_slot(tmp_path):
    path = tmp_path / "counts"
    counters = RequestCounters(path)
    for operation in ("drs.DescribeJobs", "drs.DescribeJobs", "s3.GET /a b"):
        counters.count(HUB, EAST, operation)
    counters.close()
    path.write_bytes(path.read_bytes() + b"half")
    again = RequestCounters(path)
    again.load()
    again.count(HUB, EAST, "drs.DescribeJobs")

    assert again.report()["total"] == {"drs.DescribeJobs": 3, "s3.GET /a b": 1}
    again.close()


def test_without_a_journal_nothing_is_written(simulator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start(hub_client("drs"), server_ids(simulator)[:1])

    with pytest.raises(ClientError):
        start(hub_client("drs"), server_ids(simulator)[:1])
    assert list(tmp_path.iterdir()) == []


def test_what_many_callers_did_at_once_comes_out_as_before(endpoint):
    endpoint.control.clock(speed=2000)
    endpoint.control.fault(kind="error_after", operation="StartRecovery", probability=0.5, times=3)
    places = [(HUB, EAST), (HUB, WEST), (TARGET, EAST), (TARGET, WEST)]
    ids = {place: server_ids(endpoint.control, *place) for place in places}

    session, sts = assume()["Credentials"], hub_client("sts")
    clients = {(HUB, region): [hub_client(service, region) for service in ("drs", "ec2")] for region in (EAST, WEST)}
    for region in (EAST, WEST):
        clients[TARGET, region] = [session_client(service, session, region) for service in ("drs", "ec2")]

    def recover(number):
        place = places[number % 4]
        drs, ec2 = clients[place]
        sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName=f"number-{number}", ExternalId=EXTERNAL_ID)
        try:
            start(drs, [ids[place][number // 4]], tags={"number": str(number)})
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InternalServerException"
        ec2.create_launch_template(LaunchTemplateName=f"own-{number}", LaunchTemplateData={"InstanceType": "m5.large"})
        return [len(drs.describe_jobs()["items"]) for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(recover, range(24)))
    endpoint.control.clock(speed=0)
    endpoint.control.advance(LONG_ENOUGH)

    def everything():
        shown = []
        for drs, ec2 in clients.values():
            shown.append(instances(drs))
            templates = ec2.describe_launch_templates()["LaunchTemplates"]
            shown.append(sorted(template["LaunchTemplateId"] for template in templates))
        return [*shown, endpoint.control.jobs(), endpoint.control.launches(), endpoint.control.faults()]

    before = everything()
    endpoint.restart()

    assert everything() == before
    assert len(before[-3]) == 24


def test_what_a_rule_let_happen_before_a_read_is_kept(endpoint):
    drs, ids = hub_client("drs"), server_ids(endpoint.control)
    launch(endpoint.control, drs, ids[:1])
    endpoint.control.fault(kind="instance_stopped", service="ec2", operation="DescribeInstances", times=1)
    endpoint.control.fault(kind="replication", operation="DescribeSourceServers", state="STALLED", times=1)
    hub_client("ec2").describe_instances()
    drs.describe_source_servers()
    endpoint.restart()

    assert [entry["ec2InstanceState"] for entry in instances(hub_client("drs"))] == ["STOPPED"]
    servers = hub_client("drs").describe_source_servers()["items"]
    assert {entry["dataReplicationInfo"]["dataReplicationState"] for entry in servers} == {"STALLED"}
    assert [rule["hits"] for rule in endpoint.control.faults()] == [1, 1]


def test_what_another_operator_did_is_kept_though_our_call_was_refused(endpoint):
    drs, ids = hub_client("drs"), server_ids(endpoint.control)
    endpoint.control.fault(kind="foreign_job", operation="StartRecovery", times=1)
    assert code(start, drs, ids[:1]) == "ConflictException"
    endpoint.control.happen("server_deleted", HUB, EAST, source_server_ids=ids[1:2])
    told = endpoint.control.start_job(HUB, EAST, ids[2:3])
    before = endpoint.control.jobs()
    endpoint.restart()

    assert endpoint.control.jobs() == before
    assert [job["jobID"] for job in before][1:] == [told]
    assert ids[1] not in server_ids(endpoint.control)
