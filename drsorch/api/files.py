"""Lists that may be asked for as a file: everything that the filters leave, as CSV, beside the pages of JSON."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from drsorch import spreadsheets
from drsorch.api.paging import ListQuery
from drsorch.api.serializers import Answer, Query

CSV = "csv"
OF_PAGES = ("pageSize", "pageToken", "ordering")


class FileQuery(ListQuery):
    """The parameters of a list that may be asked for as a file."""

    format = serializers.ChoiceField(
        choices=("json", CSV),
        default="json",
        help_text="csv: a file of everything that the filters leave, without pages. That it was sent is recorded.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse parameters of pages for a file, which has none."""
        of_pages = [name for name in OF_PAGES if name in self.initial_data]
        if attrs["format"] == CSV and of_pages:
            raise serializers.ValidationError({name: ["A file has no pages. Leave it out."] for name in of_pages})
        return attrs


def is_file(query: type[Query], request: Request) -> bool:
    """Say whether a file is asked for: of a list by its parameter, of anything else always."""
    return not issubclass(query, FileQuery) or request.query_params.get("format") == CSV


def lines_of(shape: Answer, rows: Iterable[Any]) -> Iterator[str]:
    """Return the rows as lines of CSV, with the members of their shape as columns."""
    return spreadsheets.lines(list(shape.fields), (shape.to_representation(row).values() for row in rows))


def file_of(name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """Return an answer that streams the lines of a CSV file whose name begins with `name`."""
    disposition = f'attachment; filename="{name}-{timezone.now():%Y%m%dT%H%M%SZ}.csv"'
    return StreamingHttpResponse(lines, content_type=spreadsheets.MIME, headers={"Content-Disposition": disposition})
