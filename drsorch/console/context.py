"""What every page needs: the environment's badge, the navigation, the server's clock."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from drsorch.access.sessions import facts_for_page

ENVIRONMENTS = {"demo": "Demo", "test": "Test", "production": "Production"}

# Group, then label, icon and URL name of its pages.
NAVIGATION = (
    ("Protect", (("Recovery plans", "plans", "plans:list"),)),
    ("Recover", (("Executions", "executions", "executions:list"),)),
)
STAFF_NAVIGATION = (("Administer", (("Administration", "settings", "admin:index"),)),)


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One link of the navigation."""

    label: str
    icon: str
    url: str
    is_current: bool


def item(request: HttpRequest, label: str, icon: str, name: str) -> NavigationItem | None:
    """Return a link, or None while no page has that name: the console lies below the apps and cannot import them."""
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    return NavigationItem(label, icon, url, is_current=request.path.startswith(url))


def navigation(request: HttpRequest) -> list[tuple[str, list[NavigationItem]]]:
    """Return the groups of the navigation with the pages that exist and that this person may open."""
    groups = NAVIGATION + (STAFF_NAVIGATION if getattr(request.user, "is_staff", False) else ())
    found = [(title, [item(request, *page) for page in pages]) for title, pages in groups]
    return [(title, links) for title, group in found if (links := [link for link in group if link])]


def shell(request: HttpRequest) -> dict[str, Any | Callable[[], Any]]:
    """Template context of every page. Lazy, so that fragments pay nothing for it."""
    return {
        "environment": settings.ENVIRONMENT,
        "environment_label": ENVIRONMENTS[settings.ENVIRONMENT],
        "navigation": partial(navigation, request),
        "server_now": timezone.now,
        "session": partial(facts_for_page, request),
    }
