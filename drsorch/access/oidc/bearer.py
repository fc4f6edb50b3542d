"""Access tokens of the provider at the API: verified here, with keys that are kept, without asking for each."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from drsorch.access.models import User
from drsorch.access.oidc.claims import BadToken, access_token_claims
from drsorch.access.oidc.people import SignInRefused, find_person, groups_of, map_groups, said_at
from drsorch.access.oidc.provider import Provider, provider
from drsorch.access.requests import actor_with_jwt
from drsorch.errors import Unauthenticated

LONGEST_ID = 64  # as the evidence has room for


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token of the provider that was accepted. `token_id` is what the evidence knows it by."""

    owner: User
    token_id: str


def authenticate_jwt(text: str, *, address: str = "") -> AccessToken:
    """Return whose access token of the provider this is. `address` is the caller's.

    Needs no network while the provider's keys are known. A token that names groups, and is newer than what is known
    of the person, gives and takes roles as a sign-in would. Raises Unauthenticated, also for somebody whose groups
    nobody has confirmed (OIDC_GROUPS_DAYS), and ProviderFailed when no keys are known and none can be read.
    """
    try:
        source = provider()
        claims = access_token_claims(text, source)
        groups = _groups(claims, source)
    except (BadToken, SignInRefused) as error:
        raise Unauthenticated(f"The access token is not accepted ({error.reason}). Get a new one.") from error
    person = find_person(source.issuer, claims["sub"])
    if person is None:
        raise Unauthenticated("The access token is of somebody unknown here. Sign in to the console once, then use it.")
    if not person.is_active:
        raise Unauthenticated("The access token is of somebody who is not active any more.")
    token = AccessToken(person, _id_of(claims, text))
    if groups is not None and (person.groups_as_of is None or said_at(claims) > person.groups_as_of):
        actor = actor_with_jwt(person, token.token_id, address=address)
        map_groups(person, groups, as_of=said_at(claims), actor=actor)
    if person.is_unconfirmed:
        raise Unauthenticated(
            f"The identity provider has not named your groups for {settings.OIDC_GROUPS_DAYS} days. Sign in to the "
            "console, then use the access token."
        )
    return token


def _id_of(claims: dict[str, Any], text: str) -> str:
    """Return the provider's own id of the token (RFC 7519, 4.1.7), or a mark of it: never enough to use it.

    An id for which the evidence has no room is hashed, not cut: two tokens whose ids begin alike stay two, for the
    evidence and for the answers kept under an Idempotency-Key. The prefix keeps a hash from being taken for an id.
    """
    named = f"jwt:{claims['jti']}" if claims.get("jti") else ""
    if named and len(named) <= LONGEST_ID:
        return named
    digest = hashlib.sha256((named or text).encode()).digest()
    return "jwt-sha256:" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _groups(claims: dict[str, Any], source: Provider) -> frozenset[str] | None:
    """Return the groups of the token, None when it does not speak of them. Cognito leaves out a list that is empty."""
    named = groups_of(claims)
    return frozenset() if named is None and source.is_cognito else named
