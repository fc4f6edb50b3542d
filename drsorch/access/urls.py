"""Signing in and out, one's own rights and tokens."""

from django.urls import path

from drsorch.access import sign_in, views
from drsorch.access.oidc import views as oidc

app_name = "access"
urlpatterns = [
    path("sign-in", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-out", sign_in.SignOut.as_view(), name="sign_out"),
    path("session", sign_in.session, name="session"),
    path("session/stay", sign_in.stay, name="stay"),
    path("oidc/begin", oidc.Begin.as_view(), name="oidc_begin"),
    path("oidc/callback", oidc.Callback.as_view(), name="oidc_callback"),
    path("profile", views.profile, name="profile"),
    path("tokens", views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke", views.revoke, name="revoke_token"),
]
