"""Lists of the admin site that take as long with many rows as with few: nothing of a page is asked of all rows."""

from copy import copy
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Max, Min, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from drsorch.counts import COUNTED


class Dates:
    """Stands in for rows where Django asks for their dates: all from the first to the last, with rows or without.

    Which of them have rows only all rows could tell. The first and the last of many rows are near the ends of an index;
    of few that are in sight among many they are not, and all of the few are looked at.
    """

    def __init__(self, rows: QuerySet[Any], column: str, *, is_many: bool) -> None:
        self.ends: dict[str, Any]
        if is_many:
            known = rows.filter(**{f"{column}__isnull": False}).values_list(column, flat=True)
            self.ends = {"first": known.order_by(column).first(), "last": known.order_by(f"-{column}").first()}
        else:
            self.ends = rows.aggregate(first=Min(column), last=Max(column))

    def aggregate(self, **_: Any) -> dict[str, Any]:
        """Return the ends."""
        return self.ends

    def datetimes(self, _column: str, kind: str) -> list[date]:
        """Return the first day of each year or month, or each day."""
        if self.ends["first"] is None:
            return []
        first, last = (timezone.localtime(self.ends[name]).date() for name in ("first", "last"))
        if kind == "year":
            return [date(year, 1, 1) for year in range(first.year, last.year + 1)]
        if kind == "month":
            months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
            return [date(month // 12, month % 12 + 1, 1) for month in months]
        return [first + timedelta(days=days) for days in range((last - first).days + 1)]


class BoundedList(ChangeList):
    """A list whose template asks for `dated` where it shows the dates."""

    @property
    def dated(self) -> "BoundedList":
        """The list, with the dates instead of its rows."""
        found = copy(self)
        rows = self.queryset if self.result_count else self.queryset.none()
        found.queryset = Dates(rows, self.date_hierarchy, is_many=self.paginator.is_cut)
        return found


class Newest(admin.FieldListFilter):
    """A filter that offers what the newest rows have, as far as they are in sight, and says so."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = f"{self.title} (of the newest {COUNTED:,})"


class NewestValues(Newest, admin.AllValuesFieldListFilter):
    """Offers the values of a column."""

    def __init__(
        self, field: Any, request: HttpRequest, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        # Django's own would put the query for the values of all rows together, which takes longer than asking this one.
        unasked = SimpleNamespace(
            get_queryset=lambda _: model._base_manager.none(),
            get_empty_value_display=model_admin.get_empty_value_display,
        )
        super().__init__(field, request, params, model, unasked, field_path)
        self.lookup_choices = sorted(_seen(request, model_admin)[field_path])  # type: ignore[assignment]


class NewestRelated(Newest, admin.RelatedFieldListFilter):
    """Offers the rows that a column leads to, and no other."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return them as Django does."""
        ordering = self.field_admin_ordering(field, request, model_admin)
        among = {"pk__in": _seen(request, model_admin)[self.field_path]}
        found: list[tuple[str, Any]] = field.get_choices(include_blank=False, limit_choices_to=among, ordering=ordering)
        return found


def _seen(request: Any, model_admin: Any) -> dict[str, set[Any]]:
    """Return by column what those of the newest rows have that are in sight. One query for all filters of a page."""
    if not hasattr(request, "seen_in_newest"):
        offered = [each for each in model_admin.get_list_filter(request) if isinstance(each, tuple)]
        columns = [column for column, kind in offered if issubclass(kind, Newest)]
        newest = model_admin.model._base_manager.order_by("-pk").values("pk")[:COUNTED]
        in_sight = model_admin.get_queryset(request).filter(pk__in=newest)
        rows = list(in_sight.order_by().values_list(*columns).distinct())
        request.seen_in_newest = {column: {row[place] for row in rows} for place, column in enumerate(columns)}
    found: dict[str, set[Any]] = request.seen_in_newest
    return found
