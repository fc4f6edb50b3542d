"""Signing in and out."""

from django.urls import path

from drsorch.access import views

app_name = "access"
urlpatterns = [
    path("sign-in", views.SignIn.as_view(), name="sign_in"),
    path("sign-out", views.SignOut.as_view(), name="sign_out"),
]
