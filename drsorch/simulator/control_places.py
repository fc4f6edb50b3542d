"""What control requests have in common: their handlers, the place and servers they name, the fields they may have."""

from collections.abc import Callable
from typing import Any

from drsorch.simulator.backend import DrsBackend, drs_backends
from drsorch.simulator.errors import BadControlRequest
from drsorch.simulator.simulation import Simulation

Body = dict[str, Any]
Handler = Callable[[Simulation, Body], Any]


def backend_of(body: Body) -> DrsBackend:
    """The DRS that `account` and `region` name. Raises BadControlRequest."""
    account, region = str(body.get("account")), str(body.get("region"))
    if account not in drs_backends or region not in drs_backends[account]:
        raise BadControlRequest(f"There is no account {account} with a Region {region} here.", 404)
    return drs_backends[account][region]


def named_servers(body: Body) -> list[Any]:
    """What `source_server_ids` holds, at least one; whether there are such servers is not checked.

    Raises BadControlRequest.
    """
    ids = body.get("source_server_ids")
    if not isinstance(ids, list) or not ids:
        raise BadControlRequest("source_server_ids must be a list with at least one source server.")
    return ids


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
