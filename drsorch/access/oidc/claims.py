"""What a token of the provider says, after every check of OpenID Connect Core 1.0, section 3.1.3.7."""

import hmac
from collections.abc import Mapping
from typing import Any

import jwt
from django.conf import settings

from drsorch.access.oidc.provider import Provider

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY_SECONDS = 30  # by which the clocks may differ
ALWAYS_THERE = ["iss", "sub", "exp", "iat"]
LONGEST_NAME = 255
# The first that fits is the reason, a word for the evidence.
REASONS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "expired"),
    (jwt.ImmatureSignatureError, "not valid yet"),
    (jwt.InvalidIssuerError, "issuer"),
    (jwt.InvalidAudienceError, "audience"),
    (jwt.InvalidSignatureError, "signature"),
    (jwt.InvalidAlgorithmError, "algorithm"),
    (jwt.MissingRequiredClaimError, "incomplete"),
    (jwt.PyJWTError, "malformed"),
)


class BadToken(Exception):
    """A token is not accepted. `reason` says why in a word or two."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def id_token_claims(text: object, provider: Provider, *, nonce: str | None) -> dict[str, Any]:
    """Return the claims of an ID token that was made for this installation and this sign-in. Raises BadToken."""
    claims = _claims(text, provider, audience=settings.OIDC_RP_CLIENT_ID)
    is_for_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    party = claims.get("azp", None if is_for_several else settings.OIDC_RP_CLIENT_ID)
    if party != settings.OIDC_RP_CLIENT_ID:
        raise BadToken("authorized party")
    if _use(claims, provider) != "id":
        raise BadToken("use")
    if not nonce or not hmac.compare_digest(nonce.encode(), str(claims.get("nonce", "")).encode()):
        raise BadToken("nonce")
    return claims


def access_token_claims(text: str, provider: Provider) -> dict[str, Any]:
    """Return the claims of an access token that was made for this installation's API. Raises BadToken.

    Cognito's name no audience: there the client counts, which must be one of OIDC_API_CLIENTS. Others must name
    OIDC_API_AUDIENCE, and a client of OIDC_API_CLIENTS when any are listed.
    """
    if provider.is_cognito:
        claims = _claims(text, provider, audience=None)
        if _use(claims, provider) != "access":
            raise BadToken("use")
    elif settings.OIDC_API_AUDIENCE:
        claims = _claims(text, provider, audience=settings.OIDC_API_AUDIENCE)
    else:
        raise BadToken("audience")
    client = claims.get("client_id", claims.get("azp"))
    if client not in settings.OIDC_API_CLIENTS and (provider.is_cognito or settings.OIDC_API_CLIENTS):
        raise BadToken("client")
    return claims


def _use(claims: Mapping[str, Any], provider: Provider) -> Any:
    """Return what the token is for. Only Cognito says it in each; elsewhere what has an audience of ours is an ID."""
    return claims.get("token_use", None if provider.is_cognito else "id")


def _claims(text: object, provider: Provider, *, audience: str | None) -> dict[str, Any]:
    if not isinstance(text, str):
        raise BadToken("missing")
    try:
        key = provider.key(str(jwt.get_unverified_header(text).get("kid", "")))
        if key is None:
            raise BadToken("key")
        claims: dict[str, Any] = jwt.decode(
            text,
            key,
            algorithms=ALGORITHMS,
            issuer=provider.issuer,
            audience=audience,
            leeway=LEEWAY_SECONDS,
            options={"require": [*ALWAYS_THERE, *(["aud"] if audience else [])], "verify_aud": audience is not None},
        )
    except RecursionError as error:  # a header of brackets within brackets
        raise BadToken("malformed") from error
    except jwt.PyJWTError as error:
        raise BadToken(next(reason for kind, reason in REASONS if isinstance(error, kind))) from error
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= LONGEST_NAME:
        raise BadToken("subject")
    return claims
