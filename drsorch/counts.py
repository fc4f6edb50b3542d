"""How many rows belong to a row, for lists."""

from typing import Any

from django.db.models import Count, QuerySet, Subquery
from django.db.models.functions import Coalesce


def number_of(rows: QuerySet[Any], by: str) -> Coalesce:
    """Return how many of `rows` there are for an outer row, as a query of its own within the query.

    `rows` name the outer row (OuterRef), `by` is the column by which they do. Only for the rows of a page anything is
    counted so; a join would be made of all rows first: with 20,000 executions it costs 200 ms a page.
    """
    counted = rows.order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)
