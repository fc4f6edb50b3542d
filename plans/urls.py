"""Pages of recovery plans, and addresses of the API about them."""

from django.urls import path

from plans import views
from plans.api import PlanViewSet

app_name = "plans"
urlpatterns = [
    path("", views.index, name="list"),
    path("<int:pk>/", views.detail, name="detail"),
]

api = [
    path("recovery-plans", PlanViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "recovery-plans/<row:pk>",
        PlanViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}),
    ),
    path("recovery-plans/<row:pk>/copy", PlanViewSet.as_view({"post": "copy"})),
]
