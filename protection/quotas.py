"""DRS's quotas of an account and Region."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much DRS does at once. `read_at` None: AWS's published numbers, because they could not be read."""

    jobs: int = 20
    servers_per_job: int = 100
    servers_in_jobs: int = 500
    read_at: datetime | None = None


def quotas_of(account_id: int, region: str) -> Quotas:
    """Return the quotas of a place."""
    return Quotas()
