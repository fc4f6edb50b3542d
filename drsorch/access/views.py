"""Sign-in with a local password, and one's own tokens."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from drsorch.access import policy
from drsorch.access.demo import DEMO_USERS
from drsorch.access.forms import SignInForm, TokenForm
from drsorch.access.models import ApiToken
from drsorch.access.requests import actor_of
from drsorch.access.tokens import issue_token, revoke_token
from drsorch.console.pages import perform
from drsorch.errors import NotFound, UserError

ENDED_SHOWN = 20


class SignIn(LoginView):
    """The sign-in page. In a demo it names the demo users, who exist nowhere else."""

    template_name = "access/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the demo users, in a demo only."""
        demo_users = DEMO_USERS if settings.ENVIRONMENT == "demo" else ()
        return super().get_context_data(demo_users=demo_users, **kwargs)


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Show one's own tokens, and make one. Its text is in the answer to the form, once and nowhere else."""
    actor = actor_of(request)
    offered = policy.verbs(actor.user)
    form = TokenForm(request.POST if request.method == "POST" else None, permissions=offered)
    issued: tuple[ApiToken, str] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            issued = issue_token(owner=request.user, actor=actor, **form.arguments())
            form = TokenForm(permissions=offered)
        except UserError as error:
            form.refuse(error)
    own = ApiToken.objects.filter(owner=actor.user)
    context = {"form": form, "issued": issued, "usable": own.usable(), "ended": own.ended()[:ENDED_SHOWN]}
    return render(request, "access/tokens.html", context, status=400 if form.errors else 200)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of one's own tokens."""
    actor = actor_of(request)
    token = ApiToken.objects.select_related("owner").filter(owner=actor.user, pk=pk).first()
    if token is None:
        raise NotFound("There is no such API token.")
    done = f"The token {token.name} is revoked. Programs that use it are refused from now on."
    return perform(request, revoke_token, token=token, actor=actor, success=done, redirect_to="access:tokens")
