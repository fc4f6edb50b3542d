"""Around every request: where it comes from, how often, who may read its answer, and the API's envelope for errors."""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve

from drsorch.access.requests import client_address
from drsorch.api import throttles
from drsorch.api.problems import plain, refused

GetResponse = Callable[[HttpRequest], HttpResponse]
API = "/api/"
ALIVE = "/api/v1/health"
CORS = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, Idempotency-Key, X-Invocation-Source",
    "Access-Control-Max-Age": "600",
}
READABLE = "ETag, Retry-After, Idempotent-Replayed, X-Request-Id"
FAILED = 400


def doorstep(get_response: GetResponse) -> GetResponse:
    """Find out the caller's true address, and refuse networks that are not allowed; say the request's id."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.META["REMOTE_ADDR"] = client_address(request)
        allowed = is_allowed(request.META["REMOTE_ADDR"], tuple(settings.ALLOWED_CIDRS))
        response = get_response(request) if allowed else HttpResponse("Not allowed from here.", status=403)
        if request.path.startswith(API):
            response = _enveloped(request, response)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response

    return middleware


def cross_origin(get_response: GetResponse) -> GetResponse:
    """Let pages of the allowed origins read the API's answers: with a token, as no cookie is ever taken from them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        origin = request.headers.get("Origin", "")
        if not request.path.startswith(API) or origin not in settings.API_ALLOWED_ORIGINS:
            return get_response(request)
        is_asked_first = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = HttpResponse(status=204, headers=CORS) if is_asked_first else get_response(request)
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = READABLE
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        response["Vary"] = ", ".join(filter(None, [response.get("Vary"), "Origin"]))
        return response

    return middleware


def crowds(get_response: GetResponse) -> GetResponse:
    """Let the site and each address be asked only so often, pages and API alike.

    What pages ask on their own has a bucket apart. Whether the server answers may always be asked: it costs nothing,
    and a load balancer that hears "too many" from everybody would take the whole site out.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            _count(request)
        except throttles.Throttled as error:
            if request.path.startswith(API):
                return refused(error, request.request_id)  # type: ignore[attr-defined]
            after = {"Retry-After": str(error.details["retry_after"])}
            return HttpResponse(error.message, status=error.status, headers=after, content_type="text/plain")
        return get_response(request)

    return middleware


def is_allowed(address: str, networks: tuple[str, ...]) -> bool:
    """Say whether one of `networks` (CIDR; none: everywhere) has the address. An unreadable address is in none."""
    if not networks:
        return True
    try:
        here = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(here, "ipv4_mapped", None)
    return any((mapped or here) in network for network in _networks(networks))


@lru_cache(maxsize=4)
def _networks(names: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(name) for name in names]


def _count(request: HttpRequest) -> None:
    address = request.META["REMOTE_ADDR"]
    if request.path_info == ALIVE:
        return
    if _is_polled(request.path_info):
        throttles.refuse_polls(address)
    else:
        throttles.refuse_crowds(address)


def _is_polled(path: str) -> bool:
    if path.startswith(API):
        return False
    try:
        return getattr(resolve(path).func, "is_polled", False)
    except Resolver404:
        return False


def _enveloped(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the API's own answer instead of a page about an error; the headers stay."""
    if response.status_code < FAILED or response.get("Content-Type", "").startswith("application/json"):
        return response
    problem = plain(response.status_code, request.request_id)  # type: ignore[attr-defined]
    response.content = JsonResponse(problem).content
    response["Content-Type"] = "application/json"
    response["Content-Length"] = str(len(response.content))  # of the page, it was another one
    return response
