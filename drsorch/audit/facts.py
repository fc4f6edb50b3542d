"""What a row says, as evidence of a change: before and after, without secrets."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict

from django.db import models

from drsorch.audit.chain import written
from drsorch.logs import SECRET_NAME

# Bookkeeping that changes with every save, and is in the event anyway.
UNTOLD = frozenset({"id", "created_at", "created_by", "changed_at", "changed_by", "version", "last_login"})


class Change(TypedDict):
    """What a change did, as record() takes it."""

    before: dict[str, Any]
    after: dict[str, Any]


def facts_of(row: models.Model, only: Iterable[str] = ()) -> dict[str, Any]:
    """Return the columns of `row` as JSON, or `only` some of them. Never one that holds a secret."""
    named = set(only)
    return {
        field.name: _json(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if (field.name in named if named else field.name not in UNTOLD) and not _is_secret(field)
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    """Return what a change did: of both, nothing that stayed the same."""
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return {
        "before": {name: before[name] for name in sorted(changed & before.keys())},
        "after": {name: after[name] for name in sorted(changed & after.keys())},
    }


def _is_secret(field: Any) -> bool:
    return getattr(field, "is_secret", False) or SECRET_NAME.search(field.name) is not None


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return written(value)
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)
