"""moto's EC2, finding what has an id by that id: moto walks through all there is for each instance that it launches.

Everything it answers is as moto answers it; what is asked in any other way is still left to moto.
"""

from copy import copy
from itertools import islice
from typing import Any, NamedTuple

from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.instances import Instance, Reservation
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, filter_reservations, get_prefix


class Place(NamedTuple):
    """Where an instance is: in the reservation made as number `number`."""

    number: int
    reservation: Reservation
    instance: Instance


class IndexedEc2(EC2Backend):
    """EC2 of one account and Region. moto never forgets an instance, nor takes it to another reservation."""

    __module__ = EC2Backend.__module__  # moto finds its URLs beside it

    def __init__(self, region_name: str, account_id: str) -> None:
        self._places: dict[str, Place] = {}
        self._read = 0
        super().__init__(region_name, account_id)

    def get_instance_by_id(self, instance_id: str) -> Instance | None:
        """The instance of that id, or None."""
        place = self._find(instance_id)
        return place.instance if place else None

    def get_instance(self, instance_id: str) -> Instance:
        """The instance of that id. Raises InvalidInstanceIdError."""
        place = self._find(instance_id)
        if place is None:
            raise InvalidInstanceIdError(instance_id)
        return place.instance

    def get_multi_instances_by_id(self, instance_ids: list[str], filters: Any = None) -> list[Instance]:
        """Those of the instances that pass the filters. Raises InvalidInstanceIdError naming all that are unknown."""
        places = [(instance_id, self._find(instance_id)) for instance_id in instance_ids]
        unknown = [instance_id for instance_id, place in places if place is None]
        if unknown:
            raise InvalidInstanceIdError(unknown)
        return [place.instance for _, place in places if place and place.instance.applies(filters)]

    def get_reservations_by_instance_ids(self, instance_ids: list[str], filters: Any = None) -> list[Reservation]:
        """Copies of the reservations, oldest first, with those of their instances alone. moto says what is wrong."""
        places = {instance_id: self._find(instance_id) for instance_id in instance_ids}
        if len(places) < len(instance_ids) or None in places.values():
            return super().get_reservations_by_instance_ids(instance_ids, filters)
        found = {place.number: copy(place.reservation) for place in places.values() if place}
        for reservation in found.values():
            reservation.instances = [instance for instance in reservation.instances if instance.id in places]
        reservations = [found[number] for number in sorted(found)]
        return reservations if filters is None else filter_reservations(reservations, filters)

    def describe_tags(self, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        """Tags; those of a single resource, which moto asks for at every turn, are looked up."""
        resource_id = _only_id(filters)
        if resource_id is None:
            return super().describe_tags(filters)
        kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource_id), "")
        return [
            {"resource_id": resource_id, "key": key, "value": value, "resource_type": kind}
            for key, value in self.tags.get(resource_id, {}).items()
        ]

    def describe_volumes(self, volume_ids: list[str] | None = None, filters: Any = None) -> list[Volume]:
        """Volumes; a single one is looked up."""
        if not filters and volume_ids and len(volume_ids) == 1 and volume_ids[0] in self.volumes:
            return [self.volumes[volume_ids[0]]]
        return super().describe_volumes(volume_ids, filters)

    def _find(self, instance_id: str) -> Place | None:
        if instance_id not in self._places:
            self._read_new_ones()
        return self._places.get(instance_id)

    def _read_new_ones(self) -> None:
        """The reservation that was read last is read again: moto enters one before it has all its instances."""
        known = max(0, self._read - 1)
        self._read = len(self.reservations)
        newest_first = islice(reversed(self.reservations.values()), self._read - known)
        for number, reservation in zip(range(self._read - 1, -1, -1), newest_first, strict=False):
            for instance in reservation.instances:
                self._places[instance.id] = Place(number, reservation, instance)


def _only_id(filters: dict[str, list[str]] | None) -> str | None:
    """The id, if the filters ask for one resource without any pattern."""
    if not filters or list(filters) != ["resource-id"] or len(filters["resource-id"]) != 1:
        return None
    (resource_id,) = filters["resource-id"]
    return resource_id if resource_id.replace("-", "").isalnum() else None
