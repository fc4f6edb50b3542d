"""How much DRS allows in an account and Region: as Service Quotas said last, else as AWS documents it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from drsorch.aws import quotas, sessions
from drsorch.aws.errors import AwsError
from protection.models import AccountRegion

logger = logging.getLogger(__name__)
READ_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Quotas:
    """DRS's quotas in one account and Region. `read_at` None: they could not be read, so these are AWS's usual ones."""

    jobs: int
    servers_per_job: int
    servers_in_jobs: int
    replicating_servers: int
    read_at: datetime | None


def quotas_of(account_id: int, region: str) -> Quotas:
    """Return what was read last, whatever its age, and AWS's documented numbers for the rest. No AWS.

    `account_id` is the key of the TargetAccount. Quotas hold per account and Region; none is ever added up over both.
    """
    row = AccountRegion.objects.filter(account_id=account_id, region=region).first()
    return quotas_at(row)


def quotas_at(place: AccountRegion | None) -> Quotas:
    """Return the quotas of a place that is loaded already; None: the documented ones."""
    known = place.quotas if place else {}
    values = {code: known.get(code, documented) for code, documented in quotas.DOCUMENTED.items()}
    return Quotas(
        jobs=values[quotas.CONCURRENT_JOBS],
        servers_per_job=values[quotas.SERVERS_PER_JOB],
        servers_in_jobs=values[quotas.SERVERS_IN_JOBS],
        replicating_servers=values[quotas.REPLICATING_SERVERS],
        read_at=place.quotas_read_at if place else None,
    )


def read_quotas(place: AccountRegion) -> None:
    """Read the place's quotas when they were last read more than an hour ago. Asks AWS, raises nothing.

    What was known stays when they cannot be read; its age shows it.
    """
    if place.quotas_read_at and timezone.now() - place.quotas_read_at < READ_AGAIN:
        return
    try:
        client = sessions.client(place.account, place.region, "service-quotas", purpose="inventory")
        found = quotas.describe_quotas(client)
    except AwsError as error:
        logger.warning("Quotas of %s are not known: %s", place, error)
        return
    AccountRegion.objects.filter(pk=place.pk).update(quotas=found, quotas_read_at=timezone.now())
