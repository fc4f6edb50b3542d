"""What is not declared is refused: such an address, or admin page, keeps the installation from starting."""

import importlib

import pytest
from django.contrib import admin
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.urls import path
from rest_framework.viewsets import ViewSet

import drsorch.urls
from drsorch.access.declared import SIGNED_IN, needs, undeclared
from drsorch.access.models import ApiToken
from drsorch.access.roles import Permission


def forgotten(request):
    return HttpResponse("open to everybody")


@needs(Permission.VIEW_RESOURCES)
def declared(request):
    return HttpResponse("for some")


class Rows(ViewSet):
    """Two endpoints, of which one declares what it needs."""

    def list(self, request):
        """Declare it."""

    list.endpoint = SIGNED_IN

    def create(self, request):
        """Forget it."""


@pytest.fixture
def routes(monkeypatch, settings):
    """The addresses of the installation, with more of them."""

    def add(*more):
        monkeypatch.setattr(drsorch.urls, "urlpatterns", [*drsorch.urls.urlpatterns, *more])
        settings.ROOT_URLCONF = "drsorch.urls"  # Django forgets what it has read of it

    return add


def problems(identity):
    return [problem for problem in run_checks() if problem.id == identity]


def test_every_address_of_the_product_declares_what_it_needs():
    assert undeclared() == []


def test_an_address_that_declares_nothing_stops_every_command_and_the_server(routes):
    routes(path("declared", declared), path("forgotten", forgotten))

    assert [problem.msg for problem in problems("drsorch.E003")] == ["The address forgotten declares no permission."]
    with pytest.raises(ImproperlyConfigured, match="forgotten declare no permission"):
        importlib.reload(importlib.import_module("drsorch.wsgi"))


def test_each_method_of_a_view_set_declares_it(routes):
    routes(path("good", Rows.as_view({"get": "list"})), path("bad", Rows.as_view({"get": "list", "post": "create"})))

    assert undeclared() == ["bad"]


def test_an_admin_page_that_does_not_ask_the_policy_stops_every_command(monkeypatch):
    monkeypatch.setitem(admin.site._registry, ApiToken, admin.ModelAdmin(ApiToken, admin.site))

    assert [problem.obj for problem in problems("drsorch.E004")] == [ApiToken]
