"""EC2: the instances behind recovery instances."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from drsorch.aws import wire
from drsorch.aws.calls import Client
from drsorch.aws.paging import pages

IDS_PER_REQUEST = 200  # values that one EC2 filter takes


@dataclass(frozen=True, slots=True)
class Instance:
    """An EC2 instance. `state` is in EC2's words: pending, running, shutting-down, terminated, stopping, stopped."""

    instance_id: str
    state: str
    private_ip: str
    instance_type: str
    launched_at: datetime | None


def describe_instances(client: Client, ids: Iterable[str]) -> dict[str, Instance]:
    """Return the instances that EC2 knows, by id; the others are absent. Raises AwsError.

    EC2 forgets a terminated instance after about an hour. Asked with a filter, it leaves unknown ids out; asked by
    id, it would refuse the whole request (InvalidInstanceID.NotFound) for one of them.
    """
    found = (
        _instance(item)
        for batch in wire.batches(ids, IDS_PER_REQUEST)
        for reservation in _reservations(client, batch)
        for item in wire.listed(reservation, "Instances")
    )
    return {instance.instance_id: instance for instance in found}


def _reservations(client: Client, ids: list[str]) -> Iterator[Mapping[str, Any]]:
    params = {"Filters": [{"Name": "instance-id", "Values": ids}]}
    return pages(client, "DescribeInstances", params, items="Reservations", token="NextToken")  # noqa: S106 - a name


def _instance(item: Mapping[str, Any]) -> Instance:
    return Instance(
        instance_id=wire.text(item, "InstanceId"),
        state=wire.text(item, "State", "Name"),
        private_ip=wire.text(item, "PrivateIpAddress"),
        instance_type=wire.text(item, "InstanceType"),
        launched_at=wire.parse_time(wire.at(item, "LaunchTime")),
    )
