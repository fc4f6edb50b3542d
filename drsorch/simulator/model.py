"""AWS's own description of Elastic Disaster Recovery as botocore ships it: operations, routes, error statuses."""

from functools import cache
from typing import Any, NamedTuple

import botocore.session
from botocore.model import OperationModel, Shape

SERVICE = botocore.session.get_session().get_service_model("drs")


class Route(NamedTuple):
    """An operation and the member that its path carries, if any."""

    operation: OperationModel
    path_member: str | None


def _build_routes() -> dict[tuple[str, str], Route]:
    routes = {}
    for name in SERVICE.operation_names:
        operation = SERVICE.operation_model(name)
        prefix, _, label = operation.http["requestUri"].partition("{")
        routes[operation.http["method"], prefix] = Route(operation, label.rstrip("}") or None)
    return routes


ROUTES = _build_routes()
PATH_PREFIXES = sorted({prefix for (_, prefix), route in ROUTES.items() if route.path_member})


def find_route(method: str, path: str) -> tuple[Route, dict[str, Any]] | None:
    """The operation behind a method and a decoded path with the members the path carries; None when DRS has no such."""
    route = ROUTES.get((method, path))
    if route is not None and route.path_member is None:
        return route, {}
    for prefix in PATH_PREFIXES:
        route = ROUTES.get((method, prefix))
        if route is not None and route.path_member and path.startswith(prefix):
            return route, {route.path_member: path.removeprefix(prefix)}
    return None


@cache
def find_error_shape(code: str) -> Shape | None:
    """The modelled exception of that code; None for the codes every AWS service shares."""
    if code not in SERVICE.shape_names:
        return None
    shape = SERVICE.shape_for(code)
    return shape if shape.metadata.get("exception") else None


def declares_error(operation: OperationModel, code: str) -> bool:
    """Whether AWS says that this operation may answer with that error."""
    return any(shape.name == code for shape in operation.error_shapes)
