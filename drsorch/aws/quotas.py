"""Service Quotas: how much DRS allows in an account and Region."""

from collections.abc import Mapping
from types import MappingProxyType

from drsorch.aws import wire
from drsorch.aws.calls import Client
from drsorch.aws.paging import pages

SERVICE_CODE = "drs"
CONCURRENT_JOBS = "L-D88FAC3A"
SERVERS_PER_JOB = "L-B827C881"
SERVERS_IN_JOBS = "L-05AFA8C6"
REPLICATING_SERVERS = "L-C1D14A2B"
# What AWS documents, for where Service Quotas cannot be asked. AWS has changed these numbers before.
DOCUMENTED: Mapping[str, int] = MappingProxyType(
    {CONCURRENT_JOBS: 20, SERVERS_PER_JOB: 100, SERVERS_IN_JOBS: 500, REPLICATING_SERVERS: 300}
)


def describe_quotas(client: Client) -> dict[str, int]:
    """Return the quotas of DRS that hold for the client's account and Region, by code. Raises AwsError.

    A quota whose value AWS cannot tell at the moment is absent.
    """
    found = pages(
        client,
        "ListServiceQuotas",
        {"ServiceCode": SERVICE_CODE},
        items="Quotas",
        token="NextToken",  # noqa: S106 - a member name, no secret
    )
    values = {wire.text(item, "QuotaCode"): wire.number(item, "Value") for item in found}
    return {code: value for code, value in values.items() if code and value is not None}
