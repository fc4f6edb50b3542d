"""Sign-in with a local password."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from drsorch.access.demo import DEMO_USERS
from drsorch.access.forms import SignInForm
from drsorch.access.requests import actor_of
from drsorch.audit.record import record, record_refusal


class SignIn(LoginView):
    """The sign-in page. In a demo it names the demo users, who exist nowhere else."""

    template_name = "access/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, in one transaction with its evidence."""
        with transaction.atomic():
            response = super().form_valid(form)
            record(actor_of(self.request), "sign_in", form.get_user(), how="password")
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """Record the attempt. A name that nobody has is not kept: it may be a password, typed into the wrong field."""
        typed = form.data.get("username", "")[:150]
        person = get_user_model().objects.filter(username=typed).first() if typed else None
        record_refusal(actor_of(self.request), "sign_in", obj=person, object_kind="user", how="password")
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the demo users, in a demo only."""
        demo_users = DEMO_USERS if settings.ENVIRONMENT == "demo" else ()
        return super().get_context_data(demo_users=demo_users, **kwargs)


class SignOut(LogoutView):
    """Ends the session."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Record who leaves, then sign out."""
        if request.user.is_authenticated:
            with transaction.atomic():
                record(actor_of(request), "sign_out", request.user)
        return super().post(request, *args, **kwargs)
