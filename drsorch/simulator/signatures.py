"""AWS Signature Version 4, the verifying side: a wrong secret key must not work in practice either."""

import hashlib
import hmac
from functools import lru_cache
from typing import Any
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
UNPREFIXED_HEADERS = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def canonical_request(environ: dict[str, Any], body: bytes, service: str, signed_headers: list[str]) -> str:
    """The text whose hash was signed, rebuilt from the request as it arrived."""
    path, _, query = environ["RAW_URI"].encode("latin-1").decode("utf-8", "replace").partition("?")
    lines = [
        environ["REQUEST_METHOD"],
        path if service == "s3" else quote(path or "/", safe="/~"),
        "&".join(sorted(_with_equals(pair) for pair in query.split("&"))) if query else "",
        *(f"{name}:{_header(environ, name)}" for name in signed_headers),
        "",
        ";".join(signed_headers),
        environ.get("HTTP_X_AMZ_CONTENT_SHA256") or hashlib.sha256(body).hexdigest(),
    ]
    return "\n".join(lines)


def signature_of(canonical: str, secret: str, signed_at: str, scope: tuple[str, str, str]) -> str:
    """The signature that a holder of `secret` gives; `scope` is (date, Region, service)."""
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([ALGORITHM, signed_at, f"{'/'.join(scope)}/aws4_request", hashed])
    return _mac(_signing_key(secret, *scope), text).hex()


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _with_equals(pair: str) -> str:
    return pair if "=" in pair else f"{pair}="


def _header(environ: dict[str, Any], name: str) -> str:
    key = UNPREFIXED_HEADERS.get(name) or f"HTTP_{name.upper().replace('-', '_')}"
    return " ".join(str(environ.get(key, "")).split())
