"""Many rows, read by key in portions: no cursor is held, and no query takes longer when there are more of them.

PostgreSQL would materialise everything for a cursor that is read outside a transaction, in a single statement.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet

AT_A_TIME = 2000


def in_portions(
    rows: QuerySet[Any], columns: tuple[str, ...], values_of: Callable[[Any], Sequence[Any]]
) -> Iterator[Any]:
    """Yield `rows` in the order of the columns, which are never null and together unique; a query for each portion.

    `values_of` returns the values of the columns of a row. Rows that come meanwhile are yielded when they come after
    the last one.
    """
    ordered, size = rows.order_by(*columns), AT_A_TIME
    portion = list(ordered[:size])
    yield from portion
    while len(portion) == size:
        portion = list(ordered.filter(after(columns, values_of(portion[-1])))[:size])
        yield from portion


def after(columns: tuple[str, ...], values: Sequence[Any], *, is_down: bool = False) -> Q:
    """Return the condition for rows that come after these values in the order of the columns."""
    word = "lt" if is_down else "gt"
    condition, equal = Q(), Q()
    for column, value in zip(columns, values, strict=True):
        condition |= equal & Q(**{f"{column}__{word}": value})
        equal &= Q(**{column: value})
    # Implied by the rest, and what an index can be entered with.
    return Q(**{f"{columns[0]}__{word}e": values[0]}) & condition
