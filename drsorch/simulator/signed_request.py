"""One HTTP request to AWS: who signed it, for which service and Region, and which operation it asks for."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from drsorch.simulator.errors import Refusal, Refused
from drsorch.simulator.model import find_route
from drsorch.simulator.signatures import canonical_request

CREDENTIAL = re.compile(r"Credential=([^/\s,]+)/(\d{8})/([^/\s,]+)/([^/\s,]+)/aws4_request")
SIGNED_HEADERS = re.compile(r"SignedHeaders=([^,\s]+)")
SIGNATURE = re.compile(r"Signature=([0-9a-f]{64})")
LARGEST_BODY = 64 * 1024 * 1024
XML_SERVICES = {"s3", "route53", "cloudfront"}


@dataclass(frozen=True)
class SignedRequest:
    """What the simulator needs to know of a request before anything answers it."""

    method: str
    path: str
    query: str
    body: bytes
    service: str
    region: str
    access_key_id: str
    session_token: str | None
    signed_at: str
    date: str
    signature: str
    canonical: str
    operation: str
    family: str

    @property
    def form(self) -> dict[str, str]:
        """The members of a query-protocol body."""
        return {name: values[0] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}


def read_request(environ: dict[str, Any]) -> SignedRequest:
    """Read a WSGI request with its body. Raises Refused when it is unsigned or its length makes no sense."""
    body = _read_body(environ)
    path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    scope, headers = CREDENTIAL.search(authorization), SIGNED_HEADERS.search(authorization)
    signature = SIGNATURE.search(authorization)
    if scope is None or headers is None or signature is None:
        raise Refused(Refusal.UNSIGNED, "Missing Authentication Token")
    key, date, region, service = scope.groups()
    is_form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    return SignedRequest(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=environ.get("QUERY_STRING", ""),
        body=body,
        service=service,
        region=region,
        access_key_id=key,
        session_token=environ.get("HTTP_X_AMZ_SECURITY_TOKEN"),
        signed_at=environ.get("HTTP_X_AMZ_DATE", ""),
        date=date,
        signature=signature[1],
        canonical=canonical_request(environ, body, service, headers[1].split(";")),
        operation=_operation(service, environ["REQUEST_METHOD"], path, target, body if is_form else b""),
        family=_family(service, target, is_form),
    )


def _read_body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read(LARGEST_BODY))
    declared = environ.get("CONTENT_LENGTH") or "0"
    if not declared.isascii() or not declared.isdigit() or int(declared) > LARGEST_BODY:
        raise Refused(Refusal.BAD_REQUEST, f"The Content-Length {declared[:20]!r} is not a size this endpoint accepts.")
    return bytes(stream.read(int(declared)))


def _operation(service: str, method: str, path: str, target: str, form: bytes) -> str:
    if service == "drs":
        found = find_route(method, path)
        return found[0].operation.name if found else f"{method} {path}"
    if target:
        return target.rpartition(".")[2]
    action = parse_qs(form.decode("utf-8", "replace")).get("Action")
    if action:
        return action[0]
    if "/operation/" in path:
        return path.rpartition("/operation/")[2]
    return f"{method} {path}"


def _family(service: str, target: str, is_form: bool) -> str:
    if service == "ec2":
        return "ec2"
    if is_form:
        return "query"
    if service in XML_SERVICES:
        return "rest-xml"
    return "json" if target else "rest-json"
