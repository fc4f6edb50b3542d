"""Which events were done in an AWS account: each names all of its accounts in one text, their ids with commas between.

Accounts act together in few combinations: the index of how these texts begin names them, without the events being read,
and then leads to the events of each.
"""

from typing import Any

from django.db import connection
from django.db.models import QuerySet

from drsorch.audit.models import BEGINNING

# Every beginning that there is, each found from the one before: a step in the index for each, however many events.
KNOWN = """
WITH RECURSIVE known(beginning) AS (
    SELECT '' UNION ALL SELECT (
        SELECT beginning FROM audit_auditevent
        WHERE beginning > known.beginning ORDER BY beginning LIMIT 1
    ) FROM known WHERE known.beginning IS NOT NULL
)
SELECT beginning FROM known WHERE beginning LIKE %s OR LENGTH(beginning) = %s
"""


def in_account(events: QuerySet[Any], account_id: str) -> QuerySet[Any]:
    """Return those of `events` that were done in the AWS account of this id, alone or with others. One query."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [f"%{account_id}%", BEGINNING])
        found = [row[0] for row in cursor.fetchall()]
    events = events.filter(beginning__in=found)
    # Ids of 12 digits with commas between them: none is a part of another.
    is_told = all(account_id in each for each in found)
    return events if is_told else events.filter(account__contains=account_id)
