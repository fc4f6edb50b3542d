"""Pages of recovery plans."""

from django.urls import path

from plans import views

app_name = "plans"
urlpatterns = [
    path("", views.index, name="list"),
    path("<int:pk>/", views.detail, name="detail"),
]
