"""Lists in pages by key: a page costs the same wherever it is, and rows that come and go move no other."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from rest_framework import serializers

from drsorch.api.serializers import Query
from drsorch.counts import number_to_limit
from drsorch.errors import Invalid
from drsorch.portions import after

LARGEST = 200
USUAL = 50
SALT = "drsorch.api.paging"
OWN = ("page_size", "page_token", "ordering", "format")
Orderings = dict[str, tuple[str, ...]]  # by name the columns, the last one unique


class ListQuery(Query):
    """The parameters of every list; subclasses add filters."""

    orderings: Orderings = {"id": ("pk",)}

    pageSize = serializers.IntegerField(source="page_size", min_value=1, max_value=LARGEST, default=USUAL)
    pageToken = serializers.CharField(source="page_token", required=False, max_length=2000)
    ordering = serializers.CharField(required=False, max_length=50, help_text="A leading - reverses it.")

    def validate_ordering(self, value: str) -> str:
        """Accept the names of the list, with or without -."""
        if value.removeprefix("-") not in self.orderings:
            raise serializers.ValidationError(f"Order by one of {', '.join(sorted(self.orderings))}, or - before it.")
        return value


class Page:
    """One page of a list: its rows, how many there are in all, and how to get the next.

    `totals` is what the list says of all rows beside them, where its endpoint declares that.
    """

    totals: Any = None

    def __init__(self, items: Sequence[Any], count: int | None, next_token: str | None) -> None:
        self.items, self.count, self.next_token = items, count, next_token


def filters_of(query: dict[str, Any]) -> dict[str, Any]:
    """Return the filters among the checked parameters."""
    return {name: value for name, value in query.items() if name not in (*OWN, "tags")}


def page_of(
    rows: QuerySet[Any],
    query: dict[str, Any],
    orderings: Orderings,
    usual: str,
    counted: QuerySet[Any] | None = None,
) -> Page:
    """Return the page of `rows` that the checked `query` asks for. Raises Invalid for a token of another list.

    `counted` are the same rows as they are counted soonest, where that is not how the first of them are found soonest.
    """
    ordering = query.get("ordering") or usual
    columns = orderings[ordering.removeprefix("-")]
    is_down = ordering.startswith("-")
    size = query["page_size"]
    mark = _mark(rows.model, ordering, query)
    found = rows.order_by(*(f"-{column}" if is_down else column for column in columns))
    if "page_token" in query:
        found = found.filter(after(columns, _read(query["page_token"], mark, len(columns)), is_down=is_down))
    items = list(found[: size + 1])
    has_more = len(items) > size
    items = items[:size]
    is_whole = not has_more and "page_token" not in query
    count = len(items) if is_whole else number_to_limit(rows if counted is None else counted)
    return Page(items, count, _write(items[-1], columns, mark) if has_more else None)


def _mark(model: type[Model], ordering: str, query: dict[str, Any]) -> str:
    """Return what tells one list from another: a token is good for the list it came from only."""
    asked = sorted((name, str(value)) for name, value in query.items() if name not in ("page_size", "page_token"))
    return hashlib.sha256(f"{model._meta.label} {ordering} {asked}".encode()).hexdigest()[:16]


def _write(row: Any, columns: tuple[str, ...], mark: str) -> str:
    values = [_plain(_value(row, column)) for column in columns]
    return signing.dumps([mark, *values], salt=SALT, compress=True)


def _read(token: str, mark: str, size: int) -> list[Any]:
    try:
        known, *values = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise _wrong() from error
    if known != mark or len(values) != size:
        raise _wrong()
    return [datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value for value in values]


def _wrong() -> Invalid:
    return Invalid(
        "This pageToken is not of this list. Ask for the first page again, then send what nextPageToken says, with the "
        "same filters and ordering.",
        details={"fields": {"pageToken": ["It is not a token of this list."]}},
    )


def _value(row: Any, column: str) -> Any:
    for name in column.split(LOOKUP_SEP):
        row = getattr(row, name)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    return str(value) if isinstance(value, UUID) else value
