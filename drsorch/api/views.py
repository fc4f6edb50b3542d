"""What every endpoint does before and after its own work."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from drsorch.access import policy, tokens
from drsorch.access.denials import exporting
from drsorch.access.requests import actor_of
from drsorch.access.roles import Permission
from drsorch.api import idempotency, throttles
from drsorch.api.endpoint import Endpoint
from drsorch.api.files import is_file
from drsorch.api.paging import ListQuery, Orderings, Page, filters_of, page_of
from drsorch.api.serializers import Query
from drsorch.api.versions import etag, version_asked
from drsorch.audit.actor import Actor, Source
from drsorch.errors import Invalid

M = TypeVar("M", bound=Model)
# What automation may say of itself.
SOURCES = (*tokens.SOURCES, Source.API)
SOURCE_HEADER = "X-Invocation-Source"
NO_CONTENT = 204


class ApiViewSet(ViewSet):
    """Endpoints about one kind of object. `tag` groups them in the documentation."""

    tag = ""
    format_kwarg = None  # there is one format
    actor: Actor
    found: Model | None = None  # what the request is about, once it was in sight
    query: dict[str, Any]
    body: dict[str, Any]
    version: int
    key: str

    @property
    def endpoint(self) -> Endpoint | None:
        """What the method at hand declares; None for a method that the path does not take."""
        method = getattr(self, getattr(self, "action", None) or "", None)
        return getattr(method, "endpoint", None)

    def initial(self, request: Request, *_: Any, **__: Any) -> None:
        """Find out who asks, count their requests, and refuse whoever lacks the permission."""
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        endpoint = self.endpoint
        if endpoint is not None and endpoint.exports and is_file(endpoint.query, request):
            exporting(request._request)
        if endpoint is not None and endpoint.is_public:
            return
        _refuse_strangers(request, request.META.get("REMOTE_ADDR", ""))
        if endpoint is None:
            raise MethodNotAllowed(cast(str, request.method))
        is_costly = endpoint.asks_aws or endpoint.is_costly
        throttles.refuse_hurry(f"{request.user.pk}:{getattr(request.auth, 'pk', '')}", is_costly=is_costly)
        self.actor = _actor(request)
        if endpoint.permission is not None:
            policy.require(self.actor, endpoint.permission)

    def answer(self, endpoint: Endpoint, method: Callable[..., Any], path: dict[str, Any]) -> Response:
        """Check what was sent, do the work once, and answer."""
        request = self.request
        self.query = self._checked(endpoint.query, request.query_params)
        if endpoint.takes_version:
            self.version = version_asked(request)
        is_read = request.method in {"GET", "HEAD"}
        if not is_read:
            self.body = self._checked(endpoint.body, request.data, partial=endpoint.is_partial)
        has_key = request.method == "POST" and endpoint.keeps_answer
        self.key = idempotency.key_of(request, is_required=endpoint.needs_key) if has_key else ""

        def work() -> tuple[Response, Model | None]:
            result = method(self, **path)
            return self._respond(endpoint, result), result if isinstance(result, Model) else self.found

        return idempotency.once(request, self.key, work) if self.key and not endpoint.is_secret else work()[0]

    def scoped(self, rows: QuerySet[M], level: policy.Level = policy.Level.VIEW) -> QuerySet[M]:
        """Return the rows in the caller's sight."""
        return policy.scope(self.actor, rows, level)

    def one(self, rows: QuerySet[M], **lookup: Any) -> M:
        """Return the row in the caller's sight. Raises NotFound, the same for missing and unseen."""
        row = policy.get_or_404(self.actor, rows, **lookup)
        self.found = row
        return row

    def manageable(self, rows: QuerySet[M], *permissions: Permission) -> QuerySet[M]:
        """Let each row know whether the caller may use these permissions on it, which need to manage it."""
        return policy.with_rights(self.actor, rows, *((each, policy.Level.MANAGE) for each in permissions))

    def page(
        self,
        rows: QuerySet[Any],
        *,
        ignored: Collection[str] = (),
        counted: QuerySet[Any] | None = None,
        orderings: Orderings | None = None,
    ) -> Page:
        """Return the page that was asked for of the rows in the caller's sight, narrowed by the filters."""
        to_count = self.counting(counted, ignored=ignored)
        return self.paged(self.narrowed(rows, ignored=ignored), to_count, orderings)

    def narrowed(self, rows: QuerySet[M], *, ignored: Collection[str] = ()) -> QuerySet[M]:
        """Return the rows in the caller's sight that the filters leave.

        `ignored` are parameters that are no lookups: the endpoint has heeded them.
        """
        return self.scoped(rows).filter(**self._lookups(ignored))

    def counting(self, rows: QuerySet[M] | None, *, ignored: Collection[str] = ()) -> QuerySet[M] | None:
        """Return what `narrowed` does, for rows that are counted in place of those of a page; None for none."""
        if rows is None:
            return None
        return policy.scope(self.actor, rows, in_order=False).filter(**self._lookups(ignored))

    def _lookups(self, ignored: Collection[str]) -> dict[str, Any]:
        return {name: value for name, value in filters_of(self.query).items() if name not in ignored}

    def paged(
        self, rows: QuerySet[Any], counted: QuerySet[Any] | None = None, orderings: Orderings | None = None
    ) -> Page:
        """Return the page of `rows` that was asked for; `counted` as `page_of` says.

        `orderings` are the columns of these rows, where they are not those that the query's shape names.
        """
        endpoint = cast(Endpoint, self.endpoint)
        columns = orderings or cast(type[ListQuery], endpoint.query).orderings
        return page_of(rows, self.query, columns, endpoint.usual_order, counted)

    def _checked(self, shape: Any, data: Any, **options: Any) -> dict[str, Any]:
        if shape is Query and not data:
            return {}
        checker = shape(data=data, context={"view": self}, **options)
        checker.is_valid(raise_exception=True)
        return cast(dict[str, Any], checker.validated_data)

    def _respond(self, endpoint: Endpoint, result: Any) -> Any:
        if isinstance(result, HttpResponseBase):
            return result
        if endpoint.answer is None:
            return Response(status=NO_CONTENT)
        context = {"view": self, "actor": getattr(self, "actor", None)}
        if isinstance(result, Page):
            items = endpoint.answer(result.items, many=True, context=context).data
            totals = {} if endpoint.totals is None else {"totals": endpoint.totals(result.totals).data}
            return Response({"items": items, "count": result.count, "nextPageToken": result.next_token, **totals})
        headers = {"ETag": etag(result.version)} if endpoint.has_version else {}
        return Response(endpoint.answer(result, context=context).data, status=endpoint.status, headers=headers)


def _refuse_strangers(request: Request, address: str) -> None:
    """Raise why nobody is known to have sent the request; too many of them from an address are only told to wait."""
    try:
        if request.user.is_authenticated:
            return
    except Exception:
        throttles.refuse_strangers(address)
        raise
    throttles.refuse_strangers(address)
    raise NotAuthenticated


def _actor(request: Request) -> Actor:
    """Return who asks, with the source that a program names, where its token may name it. Raises Invalid."""
    actor = actor_of(request._request, Source.API)
    said = request.headers.get(SOURCE_HEADER)
    if said is None:
        return actor
    if said not in SOURCES:
        raise Invalid(f"{SOURCE_HEADER} is one of {', '.join(SOURCES)}.")
    if request.auth is None:
        raise Invalid(f"{SOURCE_HEADER} is for programs, which send a token. Leave it out.")
    if said not in getattr(request.auth, "sources", ()):  # access tokens of the provider may name none
        return actor
    named = replace(actor, source=said)
    request._request._actor = named  # type: ignore[attr-defined]
    return named
