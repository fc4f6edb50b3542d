"""Security headers on every response, refusals as pages, and redirects that htmx can follow."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse

from drsorch.access.denials import note_refusal
from drsorch.errors import UserError

GetResponse = Callable[[HttpRequest], HttpResponse]

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # pages show what one person may see now; nothing of it stays in a cache
}


def security_headers(get_response: GetResponse) -> GetResponse:
    """Add the security headers that Django does not send itself. A view may have set stricter ones."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def _is_sent_away(request: HttpRequest, response: HttpResponse) -> bool:
    """Say whether the admin site has answered somebody who is signed in, and is not staff, as it does: "sign in"."""
    match = request.resolver_match
    if match is None or match.app_name != "admin" or "Location" not in response.headers:
        return False
    return urlsplit(response.headers["Location"]).path == reverse("admin:login") and request.user.is_authenticated


class Refusals:
    """Turns a UserError that no view expected into a page with its sentence; redirects htmx by header."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, telling htmx by header where to go: it would follow a redirect and put the page into a fragment."""
        response = self.get_response(request)
        if _is_sent_away(request, response):
            note_refusal(request, PermissionDenied("The administration is for staff."))
        if not request.htmx or response.status_code not in (301, 302, 303):  # type: ignore[attr-defined]
            return response
        return HttpResponse(status=204, headers={"HX-Redirect": self.target(request, response.headers["Location"])})

    def target(self, request: HttpRequest, location: str) -> str:
        """Return where the browser should go; after signing in again, back to the page and not to its fragment."""
        page = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
        if page and urlsplit(location).path == resolve_url(settings.LOGIN_URL):
            return redirect_to_login(page).url
        return location

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Show a refusal with its status: 404 for the unseen, 403 for the unable, 409 for the wrong moment.

        A change that was refused is evidence, also when Django's admin site refuses in its own way.
        """
        note_refusal(request, error)
        if not isinstance(error, UserError):
            return None
        response = render(request, "console/refused.html", {"error": error}, status=error.status)
        if "retry_after" in error.details:
            response["Retry-After"] = error.details["retry_after"]
        return response
