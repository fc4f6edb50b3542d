"""Pages of executions."""

from django.urls import path

from executions import views

app_name = "executions"
urlpatterns = [
    path("", views.home, name="home"),
    path("executions/", views.index, name="list"),
    path("executions/<uuid:pk>/", views.detail, name="detail"),
    path("executions/<uuid:pk>/live", views.live, name="live"),
    path("executions/<uuid:pk>/pause", views.pause, name="pause"),
    path("executions/<uuid:pk>/gates/<int:gate>/decide", views.decide, name="decide"),
    path("executions/<uuid:pk>/cancel", views.cancel, name="cancel"),
    path("executions/<uuid:pk>/terminate", views.terminate, name="terminate"),
    path("plans/<int:plan_pk>/start", views.start, name="start"),
]
