"""EC2: the instances behind recovery instances."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from drsorch.aws import wire
from drsorch.aws.calls import Client
from drsorch.aws.errors import AwsRejected
from drsorch.aws.paging import pages

IDS_PER_REQUEST = 200  # values that one EC2 filter takes
STATUS_IDS_PER_REQUEST = 100  # instance ids that DescribeInstanceStatus takes
NO_SUCH_INSTANCE = frozenset({"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"})


@dataclass(frozen=True, slots=True)
class Instance:
    """An EC2 instance. `state` is in EC2's words: pending, running, shutting-down, terminated, stopping, stopped."""

    instance_id: str
    state: str
    private_ip: str
    instance_type: str
    launched_at: datetime | None


@dataclass(frozen=True, slots=True)
class InstanceStatus:
    """How EC2 says an instance is: its state, and both status checks.

    The checks are in EC2's words: ok, impaired, initializing, insufficient-data, not-applicable; "" when not said.
    """

    instance_id: str
    state: str
    instance_check: str
    system_check: str


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


def describe_instance_status(client: Client, ids: Iterable[str]) -> dict[str, InstanceStatus]:
    """Return state and status checks of the instances that EC2 knows, running or not, by id. Raises AwsError.

    This can only be asked by id, and EC2 refuses the whole request for one that it does not know: then the others are
    asked for without it.
    """
    found: dict[str, InstanceStatus] = {}
    for batch in wire.batches(ids, STATUS_IDS_PER_REQUEST):
        try:
            found |= _statuses(client, batch)
        except AwsRejected as error:
            if error.aws_code not in NO_SUCH_INSTANCE:
                raise
            known = list(describe_instances(client, batch))
            found |= _statuses(client, known) if known else {}
    return found


def _statuses(client: Client, ids: list[str]) -> dict[str, InstanceStatus]:
    params = {"InstanceIds": ids, "IncludeAllInstances": True}
    items = pages(client, "DescribeInstanceStatus", params, items="InstanceStatuses", token="NextToken")  # noqa: S106
    return {wire.text(item, "InstanceId"): _status(item) for item in items}


def _status(item: Mapping[str, Any]) -> InstanceStatus:
    return InstanceStatus(
        instance_id=wire.text(item, "InstanceId"),
        state=wire.text(item, "InstanceState", "Name"),
        instance_check=wire.text(item, "InstanceStatus", "Status"),
        system_check=wire.text(item, "SystemStatus", "Status"),
    )


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
