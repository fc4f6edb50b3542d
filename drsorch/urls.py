"""Every address of the installation: the one module, beside settings, that knows the apps."""

from django.contrib import admin
from django.urls import include, path

from drsorch.access import admin_views
from drsorch.api import paths  # noqa: F401 - the kinds of ids in the API's addresses
from executions import urls as executions
from plans import urls as plans
from protection import urls as protection

api = [
    path("", include("drsorch.api.urls")),
    path("", include("drsorch.config.urls")),
    path("", include(protection.api)),
    path("", include(plans.api)),
    path("", include(executions.api)),
]
urlpatterns = [
    path("", include("executions.urls")),
    path("plans/", include("plans.urls")),
    path("account/", include("drsorch.access.urls")),
    path("api/v1/", include(api)),
    path("", include("drsorch.console.urls")),
    path("admin/login/", admin_views.door),
    path("admin/password_change/", admin_views.ChangePassword.as_view()),
    path("admin/r/<path:where>", admin_views.no_shortcut),
    path("admin/", admin.site.urls),
]
