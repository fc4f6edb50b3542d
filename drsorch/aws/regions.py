"""Where a service is offered."""

from functools import cache

import boto3


@cache
def regions_of(service: str, partition: str) -> frozenset[str]:
    """Return the Regions of `partition` in which botocore knows `service`, opt-in Regions included. No AWS."""
    return frozenset(boto3.Session().get_available_regions(service, partition))
