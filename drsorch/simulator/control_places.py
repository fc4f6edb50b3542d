"""What control requests have in common: the account and Region they name, and the fields they may have."""

from typing import Any

from drsorch.simulator.backend import DrsBackend, drs_backends
from drsorch.simulator.errors import BadControlRequest

Body = dict[str, Any]


def backend_of(body: Body) -> DrsBackend:
    """The DRS that `account` and `region` name. Raises BadControlRequest."""
    account, region = str(body.get("account")), str(body.get("region"))
    if account not in drs_backends or region not in drs_backends[account]:
        raise BadControlRequest(f"There is no account {account} with a Region {region} here.", 404)
    return drs_backends[account][region]


def refuse_unknown(body: Body, known: set[str]) -> None:
    """Raise BadControlRequest naming the fields that nobody knows."""
    unknown = set(body) - known
    if unknown:
        allowed = ", ".join(sorted(known))
        raise BadControlRequest(f"There is no field {', '.join(sorted(unknown))} here; known are {allowed}.")


def choice(body: Body, name: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed words, of which the first is meant when none is given. Raises BadControlRequest."""
    value = body.get(name, allowed[0])
    if value not in allowed:
        raise BadControlRequest(f"{name} must be one of {', '.join(allowed)}.")
    return str(value)
