"""What an address needs, declared where it is written. Without it the server does not start."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, URLResolver, get_resolver

View = TypeVar("View", bound=Callable[..., Any])
SIGNED_IN, PUBLIC = "signed in", "public"


def needs(what: str) -> Callable[[View], View]:
    """Declare what a page needs: a permission, SIGNED_IN or PUBLIC.

    The least that is needed to see anything there. Which object, and what else its actions need, the services ask.
    """

    def declare(view: View) -> View:
        view.needs = what  # type: ignore[attr-defined]
        return view

    return declare


def addresses() -> Iterator[tuple[str, Any]]:
    """Yield each route with its view, but for those of the admin site, whose pages ask the policy themselves."""
    yield from _below(get_resolver(), "")


def undeclared() -> list[str]:
    """Return the routes that do not say what they need."""
    return [route for route, view in addresses() if not _is_declared(view)]


def refuse_undeclared() -> None:
    """Raise ImproperlyConfigured when there are such routes: a server must not start with them."""
    routes = undeclared()
    if routes:
        raise ImproperlyConfigured(f"{', '.join(routes)} declare no permission. Add drsorch.access.declared.needs().")


def _below(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.callback
        elif entry.namespace != "admin":
            yield from _below(entry, route)


def _is_declared(view: Any) -> bool:
    """Say whether a view, its class, or each method of a view set that the route leads to declares it."""
    views = [view, getattr(view, "view_class", None), getattr(view, "cls", None)]
    if any(getattr(each, "needs", "") for each in views):
        return True
    methods = [getattr(views[-1], name, None) for name in (getattr(view, "actions", None) or {}).values()]
    return bool(methods) and all(hasattr(method, "endpoint") for method in methods)
