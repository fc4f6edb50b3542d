"""Pages of the console itself."""

from django.urls import path

from drsorch.console import styleguide

app_name = "console"
urlpatterns = [
    path("styleguide/", styleguide.show, name="styleguide"),
]
