"""Signing in and out, one's own rights and tokens."""

from django.urls import path

from drsorch.access import views

app_name = "access"
urlpatterns = [
    path("sign-in", views.SignIn.as_view(), name="sign_in"),
    path("sign-out", views.SignOut.as_view(), name="sign_out"),
    path("profile", views.profile, name="profile"),
    path("tokens", views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke", views.revoke, name="revoke_token"),
]
