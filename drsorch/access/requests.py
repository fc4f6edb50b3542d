"""The actor behind a request or a command."""

import uuid

from django.contrib.auth import get_user_model
from django.http import HttpRequest

from drsorch.access.models import ApiToken
from drsorch.audit.actor import Actor, Source
from drsorch.errors import NotFound
from drsorch.logs import note


def actor_of(request: HttpRequest, source: str = Source.UI) -> Actor:
    """Return who sends `request`. The same object for the whole request, so that roles are read once."""
    known: Actor | None = getattr(request, "_actor", None)
    if known is None:
        known = Actor(
            name=request.user.get_username() or "anonymous",
            source=source,
            user=request.user,
            address=request.META.get("REMOTE_ADDR", ""),
            request_id=getattr(request, "request_id", "") or uuid.uuid4().hex,
        )
        request._actor = known  # type: ignore[attr-defined]
        note(actor=known.name)
    return known


def actor_with(token: ApiToken, *, address: str = "", request_id: str = "", source: str = Source.API) -> Actor:
    """Return the owner of a token that was accepted, with the rights that the token leaves."""
    note(actor=token.owner.get_username(), token_id=token.pk)
    return Actor(
        name=token.owner.get_username(),
        source=source,
        user=token.owner,
        address=address,
        request_id=request_id or uuid.uuid4().hex,
        right=token.right,
    )


def actor_named(username: str, source: str = Source.CLI) -> Actor:
    """Return the person `username` at a door without sign-in. Raises NotFound when no active user has that name."""
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no active user named {username}. Name one that exists, with --as USER.")
    return Actor(name=user.get_username(), source=source, user=user)
