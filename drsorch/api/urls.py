"""Addresses of the API that are about no app."""

from django.urls import path

from drsorch.api.audit import AuditViewSet
from drsorch.api.docs import Document, swagger
from drsorch.api.health import HealthViewSet
from drsorch.api.profile import ProfileViewSet
from drsorch.api.tokens import TokenViewSet

urlpatterns = [
    path("schema", Document.as_view(), name="api-schema"),
    path("docs", swagger, name="api-docs"),
    path("health", HealthViewSet.as_view({"get": "alive"})),
    path("health/ready", HealthViewSet.as_view({"get": "ready"})),
    path("config/health", HealthViewSet.as_view({"get": "system"})),
    path("audit/events", AuditViewSet.as_view({"get": "events"})),
    path("audit/verification", AuditViewSet.as_view({"get": "verification", "post": "verify"})),
    path("users/tokens", TokenViewSet.as_view({"get": "list", "post": "create"})),
    path("users/tokens/<row:pk>", TokenViewSet.as_view({"delete": "destroy"})),
    path("users/profile", ProfileViewSet.as_view({"get": "profile"})),
]
