"""The OpenAPI document and a page to read and try it, for whoever is signed in."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from drsorch.api.envelope import AlwaysJson
from drsorch.console.middleware import CONTENT_SECURITY_POLICY

# Swagger's style sheet has its icons in itself.
POLICY = CONTENT_SECURITY_POLICY.replace("img-src 'self'", "img-src 'self' data:")


class Document(SpectacularAPIView):
    """OpenAPI 3, as JSON and without the envelope: it is read by tools."""

    renderer_classes = [OpenApiJsonRenderer]
    content_negotiation_class = AlwaysJson
    permission_classes = []
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse strangers."""
        super().initial(request, *args, **kwargs)
        if not request.user.is_authenticated:
            raise NotAuthenticated


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    """Swagger's page, from its own files."""
    response = render(request, "api/docs.html")
    response["Content-Security-Policy"] = POLICY
    return response
