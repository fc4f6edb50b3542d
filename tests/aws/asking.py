"""Ask DRS through the gateway, as the product does."""

from datetime import UTC, datetime, timedelta

from drsorch.aws import drs, sessions
from tests.aws.scripted import REGION


def soon() -> datetime:
    """In 20 seconds: a deadline that no test comes near."""
    return datetime.now(UTC) + timedelta(seconds=20)


def start(account, **more):
    """Start a drill of one server in the account."""
    client = sessions.client(account, REGION, "drs", once=True)
    return drs.start_recovery(client, ["s-00000000000000001"], is_drill=True, tags=None, **{"deadline": soon(), **more})


def read(account, region=REGION):
    """All jobs of a place."""
    return drs.describe_jobs(sessions.client(account, region, "drs"))
