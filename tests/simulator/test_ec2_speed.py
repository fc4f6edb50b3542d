"""EC2 of the simulator finds by id and writes by itself what moto would walk through: the same answers, sooner."""

import sys
from datetime import UTC, datetime

import moto.backends
import moto.core.responses
import pytest
import xmltodict
from botocore.exceptions import ClientError
from moto.core.serialize import EC2Serializer, XFormedAttributePicker
from moto.core.utils import method_names_from_class
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.responses import EC2Response

from drsorch.simulator.ec2_xml import document
from tests.simulator.callers import EAST, HUB, LONG_ENOUGH, hub_client, server_ids, start

UNKNOWN = "i-0123456789abcdef0"


@pytest.fixture
def ec2(simulator):
    return hub_client("ec2")


@pytest.fixture
def kept(ec2):
    ec2.describe_instances()
    return ec2_backends[HUB][EAST]


def run(ec2, count=1):
    asked = ec2.run_instances(ImageId="ami-12345678", MinCount=count, MaxCount=count)
    return [instance["InstanceId"] for instance in asked["Instances"]]


def shown(ec2, ids):
    reservations = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    return [[instance["InstanceId"] for instance in reservation["Instances"]] for reservation in reservations]


def work(task):
    """How many lines of Python it takes, those of loops once for each turn."""
    lines = []

    def trace(_frame, event, _what):
        if event == "line":
            lines.append(event)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        task()
    finally:
        sys.settrace(before)
    return len(lines)


def test_named_instances_come_by_reservation_oldest_first_and_without_the_others(ec2):
    first, second, third = run(ec2, 3)
    (alone,) = run(ec2)
    run(ec2)

    assert shown(ec2, [alone, third, first]) == [[first, third], [alone]]
    assert shown(ec2, [second]) == [[second]]


def test_instances_that_a_job_launched_are_found_among_those_that_were_run(simulator, ec2):
    before = run(ec2, 2)
    drs, servers = hub_client("drs"), server_ids(simulator)[:3]
    start(drs, servers)
    simulator.advance(LONG_ENOUGH)
    launched = [item["ec2InstanceID"] for item in drs.describe_recovery_instances()["items"]]
    after = run(ec2)

    assert len(launched) == 3
    statuses = ec2.describe_instance_status(InstanceIds=[*launched, *before, *after])["InstanceStatuses"]
    assert [status["InstanceId"] for status in statuses] == [*launched, *before, *after]


def test_every_unknown_instance_is_named(ec2):
    (known,) = run(ec2)

    with pytest.raises(ClientError, match=f"The instance ID '{UNKNOWN}' does not exist"):
        ec2.describe_instances(InstanceIds=[known, UNKNOWN])
    with pytest.raises(ClientError, match=f"The instance IDs '{UNKNOWN}, i-1' do not exist"):
        ec2.terminate_instances(InstanceIds=[UNKNOWN, known, "i-1"])
    assert shown(ec2, [known]) == [[known]]


def test_tags_are_those_of_the_one_resource_unless_a_pattern_asks_for_more(ec2):
    first, second = run(ec2, 2)
    ec2.create_tags(Resources=[first], Tags=[{"Key": "Name", "Value": "a & <b> „ü“"}])
    ec2.create_tags(Resources=[second], Tags=[{"Key": "Name", "Value": ""}])

    def tags(resource):
        found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource]}])["Tags"]
        return {tag["ResourceId"]: (tag["ResourceType"], tag["Value"]) for tag in found}

    assert tags(first) == {first: ("instance", "a & <b> „ü“")}
    assert tags("i-*") == {first: ("instance", "a & <b> „ü“"), second: ("instance", "")}
    assert tags("i-?") == {}


@pytest.mark.parametrize(
    "task",
    [
        lambda kept, name: kept.get_instance(name),
        lambda kept, name: kept.get_instance_by_id(name),
        lambda kept, name: kept.get_multi_instances_by_id([name]),
        lambda kept, name: kept.get_reservations_by_instance_ids([name]),
        lambda kept, name: kept.get_instance(name).get_tags(),
        lambda kept, name: kept.describe_volumes([kept.get_instance(name).block_device_mapping["/dev/sda1"].volume_id]),
    ],
    ids=["instance", "instance by id", "instances", "reservations", "tags", "volumes"],
)
def test_a_lookup_costs_the_same_however_many_instances_there_are(kept, ec2, task):
    (name,) = run(ec2)
    ec2.create_tags(Resources=[name], Tags=[{"Key": "Name", "Value": "one"}])
    task(kept, name)
    among_few = work(lambda: task(kept, name))
    for other in run(ec2, 20):
        kept.get_instance(other).add_tag("Name", other)

    assert work(lambda: task(kept, name)) == among_few


def test_moto_answers_our_way():
    assert issubclass(moto.core.responses.XFormedAttributePicker, XFormedAttributePicker)
    assert moto.core.responses.XFormedAttributePicker is not XFormedAttributePicker
    assert moto.core.responses.method_names_from_class(EC2Response) == method_names_from_class(EC2Response)
    assert {"ec2", "sts"} <= moto.backends.list_of_moto_modules()
    assert EC2Serializer._serialize_body(None, {"a": "b"}) == document({"a": "b"})


def test_ec2_is_moto_s_with_moto_s_addresses(kept):
    assert isinstance(kept, EC2Backend)
    assert kept.url_paths == EC2Backend(EAST, HUB).url_paths


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"@xmlns": 'http://x/"quoted" & more', "requestId": "r"},
        {"empty": "", "nothing": None, "yes": True, "no": False, "zero": 0, "half": 0.5},
        {"text": "a & <b> \"c\" 'd' „ü“ \n]]>", "when": datetime(2026, 1, 2, tzinfo=UTC)},
        {"set": {"item": [{"key": "a"}, {"key": ""}, {}, "text", None, 7]}},
        {"set": {"item": []}, "other": [], "deep": {"er": {"@at": 1, "est": {}}}},
    ],
    ids=["empty", "attributes", "kinds of values", "text", "lists", "empty lists"],
)
def test_xml_is_what_xmltodict_writes(content):
    body = {"Answer": content}

    assert document(body) == xmltodict.unparse(body, full_document=True, short_empty_elements=True)
