"""JSON in and out: one envelope around every answer, one size for every body."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

LARGEST_BODY = 256 * 1024
NO_CONTENT = 204
SHOWN = 64


class Problem(dict[str, Any]):
    """The envelope of an error."""

    def __init__(self, code: str, message: str, details: Mapping[str, Any], request_id: str) -> None:
        error = {"code": code, "message": message, "details": dict(details), "requestId": request_id}
        super().__init__(success=False, error=error)


class EnvelopeRenderer(JSONRenderer):
    """Puts what a view answers into the envelope. A problem is one already."""

    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """Return the body; none with 204."""
        response = (renderer_context or {}).get("response")
        if response is not None and response.status_code == NO_CONTENT:
            return b""
        whole = data if isinstance(data, Problem) else {"success": True, "data": data}
        return bytes(super().render(whole, "application/json", renderer_context))


class AlwaysJson(BaseContentNegotiation):
    """Answers JSON whatever the client says it accepts: there is nothing else."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """Return the parser, or None for a content type that is not JSON."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        """Return the first renderer."""
        return renderers[0], renderers[0].media_type


class StrictJsonParser(BaseParser):
    """Reads JSON of at most 256 KiB, without the words and doubled members that only some parsers take."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the value. Raises ParseError with a sentence."""
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise ParseError(f"The body is larger than {LARGEST_BODY // 1024} KiB. Send less at once.")
        try:
            return json.loads(body.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=once)
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object. Raises ValueError for one that is given twice, of which parsers take either."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name[:SHOWN]!r} is there twice in one object")
        found[name] = value
    return found
