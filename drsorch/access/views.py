"""One's own rights, and one's own tokens."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from drsorch.access import policy
from drsorch.access.declared import SIGNED_IN, needs
from drsorch.access.denials import note_refusal
from drsorch.access.explain import explain, holdings
from drsorch.access.forms import ExplainForm, TokenForm
from drsorch.access.models import ApiToken
from drsorch.access.requests import actor_of
from drsorch.access.roles import Permission, role_label
from drsorch.access.tokens import issue_token, revoke_token
from drsorch.console.pages import perform
from drsorch.errors import NotFound, UserError

ENDED_SHOWN = 20


@needs(SIGNED_IN)
@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """Show one's roles, permissions and grants; with `?permission=`, why one may or may not."""
    actor = actor_of(request)
    form = ExplainForm(request.GET if "permission" in request.GET else None, viewer=actor)
    answer = None
    if form.is_bound and form.is_valid():
        answer = explain(actor, Permission(form.cleaned_data["permission"]), form.found)
    rights = policy.standing(actor.user)
    context = {
        "form": form,
        "answer": answer,
        "roles": [role_label(name) for name in rights.groups],
        "permissions": sorted(rights.permissions),
        "holdings": holdings(actor.user),
    }
    return render(request, "access/profile.html", context)


@needs(SIGNED_IN)
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
            note_refusal(request, error, action="issue_token")
            form.refuse(error)
    own = ApiToken.objects.filter(owner=actor.user)
    context = {"form": form, "issued": issued, "usable": own.usable(), "ended": own.ended()[:ENDED_SHOWN]}
    return render(request, "access/tokens.html", context, status=400 if form.errors else 200)


@needs(SIGNED_IN)
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of one's own tokens."""
    actor = actor_of(request)
    token = ApiToken.objects.select_related("owner").filter(owner=actor.user, pk=pk).first()
    if token is None:
        raise NotFound("There is no such API token.")
    done = f"The token {token.name} is revoked. Programs that use it are refused from now on."
    return perform(request, revoke_token, token=token, actor=actor, success=done, redirect_to="access:tokens")
