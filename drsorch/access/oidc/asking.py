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
    until = time.monotonic() + settings.OIDC_TIMEOUT_SECONDS
    try:
        with requests.request(
            method, address, timeout=settings.OIDC_TIMEOUT_SECONDS, allow_redirects=False, stream=True, **more
        ) as answer:
            found = json.loads(_body(answer, address, until))
    except requests.RequestException as error:
        raise ProviderFailed(type(error).__name__, address) from error
    except ValueError as error:
        raise ProviderFailed(f"answered {answer.status_code} without JSON", address) from error
    if not isinstance(found, dict):
        raise ProviderFailed(f"answered {answer.status_code} with something that is no object", address)
    if answer.status_code in (400, 401):
        raise ProviderRefused(str(found.get("error", "")))
    if answer.status_code != requests.codes.ok:
        raise ProviderFailed(f"answered {answer.status_code}", address)
    return found


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
