"""Typed settings from the environment: loud when wrong, secrets also from files (`NAME_FILE`)."""

import os
import re
from ipaddress import ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    """Return `name`, or the content of the file named by `name`_FILE. Raises ImproperlyConfigured without either."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {file}, which cannot be read: {error.strerror}.") from error
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Set {name} (or {name}_FILE) in the environment. "
            "To practise without AWS, run `make demo`."
        )
    return value


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return `name`, which must be one of `allowed`."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}. It must be one of {', '.join(allowed)}.")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """Return `name` as a yes or no."""
    value = text(name, "1" if default else "0").lower()
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name} is {value!r}. Use 1 or 0.")


def whole(name: str, default: int) -> int:
    """Return `name` as a whole number that is not negative."""
    value = text(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is {value!r}. It must be a whole number, 0 or more.")
    return int(value)


def decimal(name: str, default: float) -> float:
    """Return `name` as a number that is not negative."""
    value = text(name, str(default))
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ImproperlyConfigured(f"{name} is {value!r}. It must be a number, 0 or more.")
    return number


def listed(name: str, default: str = "") -> list[str]:
    """Return `name` as a list of the words between its commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def pattern(name: str, default: str) -> str:
    """Return `name` as a regular expression."""
    value = text(name, default)
    try:
        re.compile(value)
    except re.error as error:
        raise ImproperlyConfigured(f"{name} is {value!r}, which is no regular expression: {error}.") from error
    return value


def networks(name: str, default: str = "") -> list[str]:
    """Return `name` as a list of networks in CIDR."""
    found = listed(name, default)
    for network in found:
        try:
            ip_network(network)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} has {network!r}, which is no network: {error}.") from error
    return found


def pairs(name: str) -> dict[str, str]:
    """Return `name`, pairs like `one=two` between commas, as a mapping."""
    found = {}
    for pair in listed(name):
        left, equals, right = (part.strip() for part in pair.rpartition("="))
        if not left or not equals or not right:
            raise ImproperlyConfigured(f"{name} has {pair!r}. Write pairs like one=two, with commas between them.")
        found[left] = right
    return found
