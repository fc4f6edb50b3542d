"""Addresses of the API about what we protect."""

from typing import Any

from django.urls import path

from protection.api.accounts import AccountViewSet, PlaceViewSet
from protection.api.events import EventViewSet
from protection.api.groups import GroupViewSet
from protection.api.servers import ServerViewSet

ONE: dict[str, Any] = {"get": "retrieve", "put": "update", "delete": "destroy"}
LIST: dict[str, Any] = {"get": "list", "post": "create"}

api = [
    path("accounts", AccountViewSet.as_view(LIST)),
    path("accounts/current", AccountViewSet.as_view({"get": "current"})),
    path("accounts/capacity", PlaceViewSet.as_view({"get": "capacity"})),
    path("accounts/<account:account_id>", AccountViewSet.as_view(ONE)),
    path("accounts/<account:account_id>/validate", AccountViewSet.as_view({"post": "validate"})),
    path("accounts/<account:account_id>/staging-accounts", AccountViewSet.as_view({"get": "staging_accounts"})),
    path("protection-groups", GroupViewSet.as_view(LIST)),
    path("protection-groups/resolve", GroupViewSet.as_view({"post": "resolve"})),
    path("protection-groups/<row:pk>", GroupViewSet.as_view({**ONE, "patch": "partial_update"})),
    path("drs/source-servers", ServerViewSet.as_view({"get": "list"})),
    path("drs/source-servers/<aws:server_id>", ServerViewSet.as_view({"get": "retrieve"})),
    path("drs/accounts", PlaceViewSet.as_view({"get": "states"})),
    path("drs/sync", PlaceViewSet.as_view({"post": "sync"})),
    path("events/eventbridge", EventViewSet.as_view({"post": "receive"})),
    path("config/regions", PlaceViewSet.as_view({"get": "regions"})),
]
