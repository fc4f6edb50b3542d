"""Addresses of the API about the settings."""

from django.urls import path

from drsorch.config.api import SettingsViewSet

urlpatterns = [path("config/settings", SettingsViewSet.as_view({"get": "retrieve", "put": "update"}))]
