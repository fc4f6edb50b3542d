"""One request to the identity provider: limited in time and size, and never redirected."""

import json
import time
from typing import Any

import requests
from django.conf import settings

from drsorch.errors import UserError

LARGEST_ANSWER_BYTES = 256 * 1024


class ProviderFailed(UserError):
    """The identity provider could not be asked, or makes no sense. `what` is for the log and the evidence."""

    status = 503
    code = "PROVIDER_FAILED"

    def __init__(self, what: str, address: str) -> None:
        super().__init__(
            "The identity provider does not answer as it should, so nobody can be signed in now. Try again in a "
            "minute. If it stays like this, tell an administrator."
        )
        self.what = what
        self.address = address


class ProviderRefused(Exception):
    """The provider said no. `error` is its code, as RFC 6749 has them."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def ask(method: str, address: str, **more: Any) -> dict[str, Any]:
    """Return the JSON object that the provider answers. `more` is what requests.request takes.

    Raises ProviderRefused for an answer 400 or 401, ProviderFailed for anything else that is not 200 with an object,
    or takes longer than OIDC_TIMEOUT_SECONDS.
    """
    seconds = settings.OIDC_TIMEOUT_SECONDS
    until = time.monotonic() + seconds
    try:
        with requests.request(method, address, timeout=seconds, allow_redirects=False, stream=True, **more) as answer:
            status, body = answer.status_code, _body(answer, address, until)
    except requests.RequestException as error:
        raise ProviderFailed(type(error).__name__, address) from error
    found = _object(body)
    if found is None:
        raise ProviderFailed(f"answered {status} without a JSON object", address)
    if status in (requests.codes.bad_request, requests.codes.unauthorized):
        raise ProviderRefused(str(found.get("error", "")))
    if status != requests.codes.ok:
        raise ProviderFailed(f"answered {status}", address)
    return found


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _body(answer: requests.Response, address: str, until: float) -> bytes:
    """Read the body. A time-out of requests is for each piece of it, and there may be many."""
    body = b""
    for piece in answer.iter_content(8192):
        body += piece
        if len(body) > LARGEST_ANSWER_BYTES:
            raise ProviderFailed("answered too much", address)
        if time.monotonic() > until:
            raise ProviderFailed("answered too slowly", address)
    return body
