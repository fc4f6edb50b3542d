"""Every address of the installation: the one module, beside settings, that knows the apps."""

from django.contrib import admin
from django.urls import include, path

from drsorch.access import admin_views

urlpatterns = [
    path("", include("executions.urls")),
    path("plans/", include("plans.urls")),
    path("account/", include("drsorch.access.urls")),
    path("", include("drsorch.console.urls")),
    path("admin/login/", admin_views.door),
    path("admin/password_change/", admin_views.ChangePassword.as_view()),
    path("admin/r/<path:where>", admin_views.no_shortcut),
    path("admin/", admin.site.urls),
]
