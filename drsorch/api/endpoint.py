"""What an endpoint declares: its permission, what it takes, what it answers. Undeclared means refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from rest_framework.response import Response

from drsorch.access.roles import Permission
from drsorch.api.serializers import Answer, Input, Nothing, Query


@dataclass(frozen=True)
class Endpoint:
    """One method of one path.

    `permission` None: for everybody who is signed in. `is_public`: for everybody. `is_list`: pages of `answer`.
    `totals` is what such a list says of all its rows, beside the page; an example of a list with totals has both.
    `needs` says what the service asks for beyond it, for people. `action` is what the audit trail calls the change when
    it is refused: as its service records it.
    `exports` is what the trail calls the file that it may send: a refusal of one is evidence too, although it is a GET.
    `takes_version`: If-Match is needed. `needs_key`: Idempotency-Key is needed; every POST accepts one, but for those
    whose answer is not kept: `is_secret`, because it is shown once; `is_look`, because nothing is changed.
    `is_costly`: throttled like what asks AWS, although AWS is asked later or not at all.
    `conflicts` are the codes that a 409 may have.
    `may_be_outdated`: a 412 may say that what was seen before has changed, without If-Match.
    """

    permission: Permission | None
    answer: type[Answer] | None = None
    body: type[Input] = Nothing
    query: type[Query] = Query
    status: int = 200
    needs: str = ""
    action: str = ""
    exports: str = ""
    is_public: bool = False
    is_partial: bool = False
    is_list: bool = False
    totals: type[Answer] | None = None
    usual_order: str = "id"
    asks_aws: bool = False
    is_costly: bool = False
    takes_version: bool = False
    has_version: bool = False
    needs_key: bool = False
    may_be_outdated: bool = False
    is_secret: bool = False
    is_look: bool = False
    conflicts: tuple[str, ...] = ()
    example: dict[str, Any] = field(default_factory=dict)

    @property
    def keeps_answer(self) -> bool:
        """True when the same request with the same key is answered as it was the first time."""
        return not (self.is_secret or self.is_look)


def endpoint(permission: Permission | None, **declared: Any) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Declare a method of a view set as an endpoint. It returns a row, a Page, a Response, or nothing (204)."""

    def declare(method: Callable[..., Any]) -> Callable[..., Response]:
        spec = Endpoint(permission, **declared)

        @wraps(method)
        def answer(view: Any, request: Any, **path: Any) -> Response:
            response: Response = view.answer(spec, method, path)
            return response

        answer.endpoint = spec  # type: ignore[attr-defined]
        return answer

    return declare
