"""Where AWS may be: a loopback endpoint while practising, AWS itself in production, never anything between."""

import os
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

GLOBAL = "AWS_ENDPOINT_URL"
PRACTICE = ("demo", "test")
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def endpoint_problem(environment: str, environ: Mapping[str, str]) -> str | None:
    """Return the sentence that says why `environ` must not be used in `environment`, or None when it may.

    Only the environment is looked at: clients are made so that endpoints in an AWS config file have no say.
    """
    found = configured(environ)
    if environment not in PRACTICE:
        return _production_problem(environment, found)
    if GLOBAL not in found:
        return (
            f"{GLOBAL} is not set, and in {environment} nothing may reach a real AWS account. Start the local endpoint "
            f"with `manage.py simulator` and set {GLOBAL}=http://127.0.0.1:4566."
        )
    for name, url in found.items():
        if not is_loopback(url):
            return (
                f"{name} is {url!r}, and in {environment} only a loopback address will do. Set it to the address of "
                "the local endpoint, for example http://127.0.0.1:4566."
            )
    return None


def _production_problem(environment: str, found: Mapping[str, str]) -> str | None:
    if not found:
        return None
    names = ", ".join(found)
    return (
        f"{names} must not be set in {environment}: requests would go to another endpoint than AWS. "
        "Unset it; to practise without AWS, set DRSORCH_ENVIRONMENT=demo."
    )


def configured(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the endpoint settings of `environ` that say something, by name."""
    names = sorted(name for name in environ if name == GLOBAL or name.startswith(f"{GLOBAL}_"))
    return {name: environ[name] for name in names if environ[name]}


def is_loopback(url: str) -> bool:
    """Tell whether `url` is plain http(s) to this machine, beyond any doubt two URL parsers could have."""
    if any(sign in url for sign in "\\@") or any(sign.isspace() for sign in url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return port_is_sound and parts.scheme in ("http", "https") and (host == "localhost" or _is_local(host))


def _is_local(host: str) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in LOOPBACK)


def require_endpoint() -> None:
    """Raise ImproperlyConfigured with the sentence when this process must not talk to AWS as it is configured."""
    problem = endpoint_problem(settings.ENVIRONMENT, os.environ)
    if problem:
        raise ImproperlyConfigured(problem)
