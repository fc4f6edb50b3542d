"""The OpenAPI document and a page to read and try it, for whoever is signed in."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from drsorch.access.declared import SIGNED_IN, needs
from drsorch.api.envelope import AlwaysJson
from drsorch.console.middleware import CONTENT_SECURITY_POLICY

# Swagger's style sheet has its icons in itself.
POLICY = CONTENT_SECURITY_POLICY.replace("img-src 'self'", "img-src 'self' data:")


@cache
def document() -> dict[str, Any]:
    """Return the document. Making it takes seconds."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


class Document(SpectacularAPIView):
    """OpenAPI 3, as JSON and without the envelope: it is read by tools."""

    renderer_classes = [OpenApiJsonRenderer]
    content_negotiation_class = AlwaysJson
    needs = SIGNED_IN
    permission_classes = []
    schema = None

    def _get_schema_response(self, request: Request) -> Response:
        """Answer with the document, which is the same for everybody and made once."""
        return Response(document())

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse strangers."""
        super().initial(request, *args, **kwargs)
        if not request.user.is_authenticated:
            raise NotAuthenticated


@needs(SIGNED_IN)
@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    """Swagger's page, from its own files."""
    response = render(request, "api/docs.html")
    response["Content-Security-Policy"] = POLICY
    return response
