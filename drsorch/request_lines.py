"""One log line for each request: who asked what, how it was answered, and how long that took."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from drsorch.logs import about

GetResponse = Callable[[HttpRequest], HttpResponse]
GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
logger = logging.getLogger("drsorch.requests")


def request_lines(get_response: GetResponse) -> GetResponse:
    """Give the request its id, which every line of its work has, and write one line when it is answered.

    Of the address only the path is written: a query may hold what a provider of sign-ins hands over.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        started = time.monotonic()
        with about(request_id=request.request_id) as context:  # type: ignore[attr-defined]
            response = get_response(request)
            milliseconds = round((time.monotonic() - started) * 1000)
            facts = {
                "method": request.method,
                "path": escape_uri_path(request.path),
                "status": response.status_code,
                "duration_ms": milliseconds,
                "address": request.META.get("REMOTE_ADDR", ""),
            }
            if "actor" not in context:
                facts["actor"] = _name(request)
            level = logging.ERROR if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO
            logger.log(level, "%(method)s %(path)s: %(status)s in %(duration_ms)s ms", facts, extra=facts)
        return response

    return middleware


def _name(request: HttpRequest) -> str:
    """Return who is signed in. Nobody is looked up for that: who was not needed stays unknown."""
    user = getattr(request, "_cached_user", None)
    return (user.get_username() if user is not None else "") or "anonymous"
