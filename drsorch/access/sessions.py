"""How long a session lasts: 45 minutes without activity, 12 hours in all. What a page asks on its own is none."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from drsorch.access import evidence

BEGUN, SEEN = "begun_at", "seen_at"
NOTED_EVERY_SECONDS = 15  # so that not every page writes the session; by so much it may end early
HEADER = "X-Session-Seconds"
View = TypeVar("View", bound=Callable[..., Any])


def polled(view: View) -> View:
    """Mark a view that pages ask on their own: it is no activity of the person in front of them."""
    view.is_polled = True  # type: ignore[attr-defined]
    return view


@receiver(user_logged_in)
def begin(request: HttpRequest, **_: Any) -> None:
    """Let the session's time begin, whichever way somebody has signed in; Django has just given it a new key."""
    request.session.set_expiry(None)  # a sign-in that is only begun expires sooner
    request.session[BEGUN] = request.session[SEEN] = time.time()


def facts_for_page(request: HttpRequest) -> dict[str, Any]:
    """Return what a page needs to warn before its session ends."""
    return {
        "seconds": _text(request),
        "warning_seconds": settings.SESSION_WARNING_SECONDS,
        "warning_minutes": settings.SESSION_WARNING_SECONDS // 60,
        "longest_hours": settings.SESSION_LONGEST_SECONDS // 3600,
    }


def _seconds_left(request: HttpRequest) -> tuple[float, float]:
    """Return how long the session lasts without activity, and in all."""
    now = time.time()
    idle = request.session.get(SEEN, 0) + settings.SESSION_IDLE_SECONDS - now
    longest = request.session.get(BEGUN, 0) + settings.SESSION_LONGEST_SECONDS - now
    return idle, longest


class SessionLimits:
    """Ends sessions that are over before any view runs, and tells pages how long theirs lasts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the seconds that are left."""
        response = self.get_response(request)
        if SESSION_KEY in request.session:
            response.headers[HEADER] = _text(request)
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> None:
        """End a session whose time is over, as if nobody had come; else note that the person is there."""
        session = request.session
        if SESSION_KEY not in session:
            return
        idle, longest = _seconds_left(request)
        if min(idle, longest) <= 0:
            _end(request, is_idle=idle <= 0)
        elif not getattr(view, "is_polled", False) and time.time() - session[SEEN] >= NOTED_EVERY_SECONDS:
            session[SEEN] = time.time()


def _text(request: HttpRequest) -> str:
    """Return the seconds without activity and in all, for static/js/session.js."""
    return " ".join(str(max(0, int(left))) for left in _seconds_left(request))


def _end(request: HttpRequest, *, is_idle: bool) -> None:
    if request.user.is_authenticated:
        evidence.signed_out(request, why="idle" if is_idle else "longest")
    request.session.flush()
    request.user = AnonymousUser()
    evidence.actor_is_known_anew(request)
    length = settings.SESSION_IDLE_SECONDS // 60 if is_idle else settings.SESSION_LONGEST_SECONDS // 3600
    why = f"nothing was done for {length} minutes" if is_idle else f"a session lasts {length} hours"
    messages.info(request, f"You were signed out, because {why}.")
