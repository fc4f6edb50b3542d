"""Every error of the API as its envelope: refusals of services, of the framework, and what nobody expected."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from drsorch.access.denials import note_refusal
from drsorch.api.envelope import Problem
from drsorch.errors import UserError

# Statuses that are answered without a view, or by the framework: the code and the sentence.
PLAIN = {
    400: ("VALIDATION_FAILED", "The request cannot be read. Check its address, its headers and its body."),
    401: ("UNAUTHENTICATED", "Sign in, or send a token: Authorization: Bearer drs_…"),
    403: ("FORBIDDEN", "This is not allowed from here."),
    404: ("NOT_FOUND", "There is nothing at this address, or you may not see it."),
    405: ("METHOD_NOT_ALLOWED", "This address does not take that method. The Allow header says which it takes."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json."),
    429: ("THROTTLED", "Too many requests. Wait as long as Retry-After says."),
    500: (
        "INTERNAL_ERROR",
        "Something went wrong here. It is in the log under the request id; nothing is known of it.",
    ),
}
SERVER_ERROR = 500
SAID_OF = 10


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to `error`; None for what nobody expected, which is logged and answered as 500.

    Called outside transactions. A change that was refused is evidence, under the name of its service.
    """
    request_id, view = request_id_of(context["request"]), context["view"]
    declared = getattr(view, "endpoint", None)
    action = declared.action or declared.exports if declared else ""
    note_refusal(context["request"]._request, error, action=action, obj=getattr(view, "found", None))
    found = _of_service(error) if isinstance(error, UserError) else _of_framework(error)
    if found is None:
        return None
    status, code, message, details, headers = found
    return Response(Problem(code, message, details, request_id), status=status, headers=headers)


def plain(status: int, request_id: str) -> Problem:
    """Return the envelope of a status that no view has answered."""
    known = status if status in PLAIN else 400 if status < SERVER_ERROR else SERVER_ERROR
    code, message = PLAIN[known]
    return Problem(code, message, {}, request_id)


def refused(error: UserError, request_id: str) -> JsonResponse:
    """Return the answer to a request that was refused before any view saw it."""
    status, code, message, details, headers = _of_service(error)
    return JsonResponse(Problem(code, message, details, request_id), status=status, headers=headers)


def request_id_of(request: Any) -> str:
    """Return the id of a request, the framework's or Django's."""
    return str(getattr(request, "request_id", ""))


Found = tuple[int, str, str, Mapping[str, Any], dict[str, str]]


def _of_service(error: UserError) -> Found:
    details = {_camel(name): value for name, value in error.details.items()}
    if isinstance(details.get("fields"), Mapping):
        details["fields"] = {_camel(name): sentences for name, sentences in details["fields"].items()}
    headers = {"Retry-After": str(details["retryAfter"])} if "retryAfter" in details else {}
    if error.status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = "Bearer"
    return error.status, error.code, error.message, details, headers


def _of_framework(error: Exception) -> Found | None:
    if isinstance(error, exceptions.ValidationError):
        fields = dict(_flat(error.detail))
        return 400, "VALIDATION_FAILED", _sentence(fields), {"fields": fields}, {}
    if isinstance(error, exceptions.ParseError):
        return 400, "VALIDATION_FAILED", str(error.detail), {}, {}
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException) or error.status_code >= SERVER_ERROR:
        return None
    status = error.status_code
    code, message = PLAIN.get(status, PLAIN[400])
    if isinstance(error, exceptions.PermissionDenied) and "CSRF" in str(error.detail):
        code, message = "CSRF_FAILED", f"{error.detail} Send the cookie's token as X-CSRFToken, or use an API token."
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004
    return status, code, message, {}, headers


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the sentences of a validation error by the path of their member, such as `waves[0].name`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            if isinstance(name, int):
                yield from _flat(inner, f"{path}[{name}]")
            else:
                here = "" if name == "non_field_errors" else str(name)
                yield from _flat(inner, ".".join(part for part in (path, here) if part))
    elif isinstance(detail, list) and detail and all(isinstance(each, Mapping | list) for each in detail):
        for number, inner in enumerate(detail):
            yield from _flat(inner, f"{path}[{number}]")
    elif detail:
        yield path, [str(each) for each in (detail if isinstance(detail, list) else [detail])]


def _sentence(fields: Mapping[str, list[str]]) -> str:
    """Return what is said of the first members; the details have all."""
    said = [f"{name}: {' '.join(sentences)}" if name else " ".join(sentences) for name, sentences in fields.items()]
    more = [f"{len(said) - SAID_OF} more members are wrong."] if len(said) > SAID_OF else []
    return " ".join([*said[:SAID_OF], *more])


def _camel(name: str) -> str:
    """Return the member of a request that a service calls `name`."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
