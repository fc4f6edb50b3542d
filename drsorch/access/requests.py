"""The actor behind a request or a command."""

import getpass
import ipaddress
import uuid

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from drsorch.access.models import ApiToken, User
from drsorch.access.roles import Permission, Right
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
            address=request.META.get("REMOTE_ADDR", ""),  # the doorstep has put the client's there
            request_id=getattr(request, "request_id", "") or uuid.uuid4().hex,
        )
        request._actor = known  # type: ignore[attr-defined]
        note(actor=known.name)
    return known


def client_address(request: HttpRequest) -> str:
    """Return the address that the outermost of our TRUSTED_PROXIES was asked from.

    Whoever asks may write into X-Forwarded-For what they like: only the last entries are from our own proxies. A
    request that has not passed them all is known by the address it came from.
    """
    peer: str = request.META.get("REMOTE_ADDR", "")
    passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if not 0 < settings.TRUSTED_PROXIES <= len(passed):
        return peer
    try:
        return str(ipaddress.ip_address(passed[-settings.TRUSTED_PROXIES]))
    except ValueError:
        return peer


def client_network(request: HttpRequest) -> str:
    """Return what wrong passwords of the client are counted by."""
    return network_of(client_address(request))


def network_of(address: str) -> str:
    """Return the address under which all that one person can send from is counted: of IPv6 the first of its /64."""
    try:
        here = ipaddress.ip_address(address)
    except ValueError:
        return address
    if here.version == 4:  # noqa: PLR2004
        return address
    mapped = here.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(here) >> 64 << 64, 64)).network_address)


def actor_with(token: ApiToken, *, address: str = "", request_id: str = "", source: str = Source.API) -> Actor:
    """Return the owner of a token that was accepted, with the rights that the token leaves."""
    note(actor=token.owner.get_username(), token_id=token.pk)
    return Actor(
        name=token.owner.get_username(),
        source=source,
        user=token.owner,
        address=address,
        request_id=request_id or uuid.uuid4().hex,
        token=str(token.pk),
        right=token.right,
    )


def actor_with_jwt(
    person: User, token_id: str, *, address: str = "", request_id: str = "", source: str = Source.API
) -> Actor:
    """Return the person of an access token that was accepted (`oidc.bearer`), with all of their own rights.

    They are given as those of a token, so that whoever has an access token cannot make API tokens with it.
    """
    note(actor=person.get_username(), token_id=token_id)
    return Actor(
        name=person.get_username(),
        source=source,
        user=person,
        address=address,
        request_id=request_id or uuid.uuid4().hex,
        token=token_id,
        right=Right(frozenset(Permission)),
    )


def actor_named(username: str, source: str = Source.CLI) -> Actor:
    """Return the person `username` at a door without sign-in. Raises NotFound when no active user has that name."""
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no active user named {username}. Name one that exists, with --as USER.")
    return Actor(name=user.get_username(), source=source, user=user)


def actor_on_host() -> Actor:
    """Return whoever runs a command without saying as whom: the operating system knows them, no role limits them."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in a container
        account = "somebody"
    return Actor(name=f"{account} on the host", source=Source.CLI)
