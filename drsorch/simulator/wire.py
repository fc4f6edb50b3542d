"""Answers as bytes: errors in the words and the layout of each AWS protocol."""

import json
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from drsorch.simulator.checks import check_output
from drsorch.simulator.errors import AwsError, Refusal, Refused
from drsorch.simulator.model import find_error_shape

PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass
class Reply:
    """A finished HTTP answer; `cut_at` ends the connection after so many bytes of the body."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    cut_at: int | None = None

    @property
    def status_line(self) -> str:
        """`404 Not Found`, for WSGI."""
        return f"{self.status} {PHRASES.get(self.status, 'Unknown')}"


# Each refusal as (status, code) in the four ways in which AWS services speak.
CODES: dict[Refusal, dict[str, tuple[int, str]]] = {
    Refusal.UNSIGNED: {
        "rest-json": (403, "MissingAuthenticationTokenException"),
        "json": (400, "MissingAuthenticationTokenException"),
        "ec2": (401, "AuthFailure"),
        "query": (403, "MissingAuthenticationToken"),
    },
    Refusal.UNKNOWN_KEY: {
        "rest-json": (403, "UnrecognizedClientException"),
        "json": (400, "UnrecognizedClientException"),
        "ec2": (401, "AuthFailure"),
        "query": (403, "InvalidClientTokenId"),
    },
    Refusal.WRONG_SIGNATURE: {
        "rest-json": (403, "InvalidSignatureException"),
        "json": (400, "InvalidSignatureException"),
        "ec2": (401, "AuthFailure"),
        "query": (403, "SignatureDoesNotMatch"),
    },
    Refusal.OLD_SIGNATURE: {
        "rest-json": (403, "InvalidSignatureException"),
        "json": (400, "InvalidSignatureException"),
        "ec2": (400, "RequestExpired"),
        "query": (403, "SignatureDoesNotMatch"),
    },
    Refusal.EXPIRED: {
        "rest-json": (403, "ExpiredTokenException"),
        "json": (400, "ExpiredTokenException"),
        "ec2": (400, "RequestExpired"),
        "query": (403, "ExpiredToken"),
    },
    Refusal.DENIED: {
        "rest-json": (403, "AccessDeniedException"),
        "json": (400, "AccessDeniedException"),
        "ec2": (403, "UnauthorizedOperation"),
        "query": (403, "AccessDenied"),
    },
    Refusal.THROTTLED: {
        "rest-json": (429, "ThrottlingException"),
        "json": (400, "ThrottlingException"),
        "ec2": (503, "RequestLimitExceeded"),
        "query": (400, "Throttling"),
    },
    Refusal.CONFLICT: {
        "rest-json": (409, "ConflictException"),
        "json": (400, "ConflictException"),
        "ec2": (400, "IncorrectState"),
        "query": (409, "Conflict"),
    },
    Refusal.FAILED: {
        "rest-json": (500, "InternalServerException"),
        "json": (500, "InternalServerException"),
        "ec2": (500, "InternalError"),
        "query": (500, "InternalFailure"),
    },
    Refusal.NOT_IMITATED: {
        "rest-json": (501, "NotImplementedException"),
        "json": (501, "NotImplementedException"),
        "ec2": (501, "NotImplemented"),
        "query": (501, "NotImplemented"),
    },
    Refusal.BAD_REQUEST: {
        "rest-json": (400, "ValidationException"),
        "json": (400, "ValidationException"),
        "ec2": (400, "InvalidParameterValue"),
        "query": (400, "ValidationError"),
    },
    Refusal.SKEWED: {
        "rest-json": (403, "RequestTimeTooSkewed"),
        "json": (400, "RequestTimeTooSkewed"),
        "ec2": (403, "RequestTimeTooSkewed"),
        "query": (403, "RequestTimeTooSkewed"),
    },
    Refusal.UNAVAILABLE: {
        "rest-json": (503, "ServiceUnavailableException"),
        "json": (503, "ServiceUnavailableException"),
        "ec2": (503, "Unavailable"),
        "query": (503, "ServiceUnavailable"),
    },
}


def json_reply(status: int, document: Any, headers: list[tuple[str, str]] | None = None) -> Reply:
    """A JSON answer."""
    return Reply(status, json.dumps(document).encode(), [("Content-Type", "application/json"), *(headers or [])])


def refusal_reply(refused: Refused, family: str) -> Reply:
    """Write a refusal for the protocol family of the request."""
    codes = CODES[refused.refusal]
    status, code = codes.get(family) or codes["query"]
    return _error_reply(refused.status or status, code, refused.message, {}, family)


def drs_error_reply(error: AwsError) -> Reply:
    """Write an error of DRS. A modelled error that breaks its own model is a bug and raises AssertionError."""
    shape = find_error_shape(error.code)
    status = error.status or (shape.metadata["error"]["httpStatusCode"] if shape else 400)
    document = {"message": error.message, **error.members}
    if shape is not None:
        if "code" in shape.members:
            document["code"] = error.code
        problems = check_output(shape, document)
        if problems:
            raise AssertionError(f"The error {error.code} breaks its model: {problems}")
    return json_reply(status, document, _json_headers(error.code))


def _json_headers(code: str) -> list[tuple[str, str]]:
    return [("x-amzn-ErrorType", code), ("x-amzn-RequestId", str(uuid.uuid4()))]


def _error_reply(status: int, code: str, message: str, members: dict[str, Any], family: str) -> Reply:
    if family in ("rest-json", "json"):
        return json_reply(status, {"__type": code, "message": message, **members}, _json_headers(code))
    code, message, request_id = escape(code), escape(message), uuid.uuid4()
    if family == "ec2":
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif family == "query":
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    else:
        body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
    return Reply(status, f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode(), [("Content-Type", "text/xml")])
