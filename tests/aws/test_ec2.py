"""What is asked of EC2, and how its answers are read."""

from datetime import UTC, datetime

import pytest

from drsorch.aws import ec2, sessions
from drsorch.aws.errors import AwsUnknown
from tests.aws.scripted import REGION, xml


def test_ec2_is_asked_by_filter_so_that_an_unknown_id_costs_nothing(aws, hub):
    aws.answers(
        "DescribeInstances",
        xml(
            '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item>'
            "<instancesSet><item><instanceId>i-1</instanceId><instanceState><name>running</name></instanceState>"
            "<privateIpAddress>10.0.0.1</privateIpAddress><instanceType>t3.micro</instanceType>"
            "<launchTime>2026-01-01T00:00:00.000Z</launchTime></item></instancesSet></item></reservationSet>"
            "</DescribeInstancesResponse>"
        ),
    )
    found = ec2.describe_instances(sessions.client(hub, REGION, "ec2"), ["i-1", "i-2"])
    assert found == {"i-1": ec2.Instance("i-1", "running", "10.0.0.1", "t3.micro", datetime(2026, 1, 1, tzinfo=UTC))}
    [params] = aws.asked("DescribeInstances")
    assert (params["Filter.1.Name"], params["Filter.1.Value.1"], params["Filter.1.Value.2"]) == (
        "instance-id",
        "i-1",
        "i-2",
    )


def test_ec2_without_ids_is_not_asked(aws, hub):
    assert ec2.describe_instances(sessions.client(hub, REGION, "ec2"), []) == {}
    assert aws.asked("DescribeInstances") == []


def test_an_answer_of_ec2_without_reservations_is_unknown(aws, hub):
    aws.answers("DescribeInstances", xml("<DescribeInstancesResponse></DescribeInstancesResponse>"))
    with pytest.raises(AwsUnknown):
        ec2.describe_instances(sessions.client(hub, REGION, "ec2"), ["i-1"])
