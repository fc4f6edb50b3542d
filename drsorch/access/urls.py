"""Signing in and out, and one's own tokens."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from drsorch.access import views

app_name = "access"
urlpatterns = [
    path("sign-in", views.SignIn.as_view(), name="sign_in"),
    path("sign-out", LogoutView.as_view(), name="sign_out"),
    path("tokens", views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke", views.revoke, name="revoke_token"),
]
