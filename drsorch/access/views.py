"""Sign-in with a local password."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView

from drsorch.access.demo import DEMO_USERS
from drsorch.access.forms import SignInForm


class SignIn(LoginView):
    """The sign-in page. In a demo it names the demo users, who exist nowhere else."""

    template_name = "access/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the demo users, in a demo only."""
        demo_users = DEMO_USERS if settings.ENVIRONMENT == "demo" else ()
        return super().get_context_data(demo_users=demo_users, **kwargs)
