"""The identity provider: what it says of itself, its keys, and where one signs out there."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from django.conf import settings

from drsorch.access.oidc.asking import ProviderFailed, ProviderRefused, ask
from drsorch.access.oidc.kept import Kept
from drsorch.errors import Unauthenticated

COGNITO = re.compile(r"https://(issuer-)?cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/", re.ASCII)
ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "end_session_endpoint",
    "jwks_uri",
)
# What a key of each type signs with. Keys of other types, as shared secrets, are not read.
KEY_TYPES = frozenset({"RSA", "EC", "OKP"})


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider's description says (OpenID Connect Discovery 1.0). An endpoint that it has not is empty."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    end_session_endpoint: str
    jwks_uri: str
    accepts_secret_in_form: bool

    @property
    def is_cognito(self) -> bool:
        """True for a user pool of Amazon Cognito, which has forms of its own."""
        return COGNITO.match(self.issuer) is not None

    def key(self, key_id: str) -> jwt.PyJWK | None:
        """Return a key by its id; one that is not known is looked for again, at most twice a minute."""
        return _keys.get(self.jwks_uri).get(key_id) or _keys.newer(self.jwks_uri).get(key_id)

    def sign_out_address(self, back_to: str) -> str:
        """Return where the browser signs out there and comes back to `back_to`, or "" when there is no such page.

        Cognito has no standard end of sessions but /logout at the domain of its sign-in pages, with its own names:
        https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
        """
        client = {"client_id": settings.OIDC_RP_CLIENT_ID}
        if self.is_cognito:
            pages = urlsplit(self.authorization_endpoint)
            query = urlencode({**client, "logout_uri": back_to})
            return f"{pages.scheme}://{pages.netloc}/logout?{query}" if pages.netloc else ""
        query = urlencode({**client, "post_logout_redirect_uri": back_to})
        return f"{self.end_session_endpoint}?{query}" if self.end_session_endpoint else ""


def provider() -> Provider:
    """Return the provider of this installation. Raises Unauthenticated when it has none, ProviderFailed."""
    if not settings.OIDC_ISSUER:
        raise Unauthenticated("This installation has no identity provider. Set OIDC_ISSUER; see docs/sign-in.md.")
    return _providers.get(settings.OIDC_DISCOVERY_URL)


def forget() -> None:
    """Start afresh, as a new process would."""
    _providers.forget()
    _keys.forget()


def _read_provider(address: str) -> Provider:
    said = _published(address)
    if said.get("issuer") != settings.OIDC_ISSUER:
        raise ProviderFailed(f"says that it is {said.get('issuer')!r}, not OIDC_ISSUER", address)
    endpoints = {name: _endpoint(said, name, address) for name in ENDPOINTS}
    ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Provider(issuer=settings.OIDC_ISSUER, accepts_secret_in_form="client_secret_post" in ways, **endpoints)


def _endpoint(said: dict[str, Any], name: str, address: str) -> str:
    """Return an endpoint; what is sent there is secret, so only practice may do it without TLS."""
    value = said.get(name, "")
    if not isinstance(value, str) or (value and not value.startswith(("https://", "http://"))):
        raise ProviderFailed(f"has {name} {value!r}", address)
    if value.startswith("http://") and not settings.PRACTICE:
        raise ProviderFailed(f"has {name} without https", address)
    return value


def _read_keys(address: str) -> dict[str, jwt.PyJWK]:
    """Return the keys that verify signatures, by id. Those that we cannot use are left out."""
    keys = _published(address).get("keys")
    if not isinstance(keys, list):
        raise ProviderFailed("has no list of keys", address)
    found = {}
    for each in keys:
        if not isinstance(each, dict) or each.get("kty") not in KEY_TYPES or each.get("use", "sig") != "sig":
            continue
        try:
            found[str(each.get("kid", ""))] = jwt.PyJWK(each)
        except jwt.PyJWTError:
            continue
    return found


def _published(address: str) -> dict[str, Any]:
    try:
        return ask("GET", address)
    except ProviderRefused as error:
        raise ProviderFailed("does not publish what everybody may read", address) from error


_providers = Kept(_read_provider)
_keys = Kept(_read_keys)
